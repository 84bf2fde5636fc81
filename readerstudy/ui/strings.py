"""Every word that a reader sees, in English and Simplified Chinese, from one catalogue."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import HTTPConnection

LANGUAGE_COOKIE: Final = "skinreader-language"
LANGUAGES: Final = {"en": "English", "zh": "简体中文"}

# key: (English, Simplified Chinese). Keys of `quiz.` are sent to the browser.
CATALOGUE: Final[dict[str, tuple[str, str]]] = {
    "brand.study": ("Reader study", "读片研究"),
    "note.device": (
        "Research and teaching only. Not a medical device.",
        "仅供科研与教学，不是医疗器械。",
    ),
    "note.synthetic": (
        "All images of this study are synthetic drawings. No patient is shown.",
        "本研究的所有图像均为合成图像，不涉及任何患者。",
    ),
    "invite.title": ("You are invited to read", "邀请您参加读片"),
    "invite.what": (
        "You will see {n} skin images one after another and name the most likely diagnosis of "
        "each. You may stop at any time; this link brings you back to where you were.",
        "您将依次看到 {n} 幅皮肤图像，并为每幅图像选择最可能的诊断。"
        "您可以随时中断，再次打开本链接即可从中断处继续。",
    ),
    "invite.private": (
        "Your answers are stored under a code, without your name.",
        "您的答案以编号保存，不记录姓名。",
    ),
    "invite.begin": ("Begin", "开始"),
    "invite.resume": ("Continue", "继续"),
    "invite.gone": ("This link does not open a study", "此链接无法打开研究"),
    "invite.needed": ("Open your invitation link", "请打开您的邀请链接"),
    "invite.needed.what": (
        "The reader study is open to invited readers. Open the personal link that you were sent; "
        "it also brings you back to where you stopped.",
        "读片研究仅限受邀读者。请打开发送给您的个人链接；中断后也可用它继续。",
    ),
    "invite.staff": ("Staff sign in here", "工作人员登录"),
    "request.bad": ("This was not understood", "无法理解此请求"),
    "request.bad.what": (
        "Something is missing from what was sent, or of the wrong kind; reload the page, fill it "
        "in and send it again.",
        "发送的内容不完整或格式有误，请刷新页面，填写后重新发送。",
    ),
    "login.title": ("Sign in", "登录"),
    "login.name": ("Name", "用户名"),
    "login.password": ("Password", "密码"),
    "login.what": (
        "For the people who run the study. Readers use their invitation link.",
        "供研究管理人员使用。读者请使用邀请链接。",
    ),
    "consent.title": ("Before you begin", "开始之前"),
    "consent.check": ("I have read this and agree to take part", "我已阅读并同意参加"),
    "consent.feedback": (
        "This is a teaching study: after each answer you are told the reference standard of the "
        "case, and the answer can no longer be changed.",
        "本研究用于教学：每次作答后将告知该病例的参考诊断，答案不可再更改。",
    ),
    "consent.go": ("Agree and continue", "同意并继续"),
    "consent.missing": ("Tick the box to continue.", "请勾选后继续。"),
    "profile.title": ("About you", "关于您"),
    "profile.why": (
        "A few short questions, so that results can be told apart by experience.",
        "几个简短问题，用于按经验分析结果。",
    ),
    "profile.go": ("Save and start reading", "保存并开始读片"),
    "profile.profession": ("Profession", "职业"),
    "profile.profession.dermatologist": ("dermatologist", "皮肤科医师"),
    "profile.profession.dermatology resident": ("dermatology resident", "皮肤科住院医师"),
    "profile.profession.other physician": ("other physician", "其他科医师"),
    "profile.profession.nurse": ("nurse", "护士"),
    "profile.profession.student": ("student", "学生"),
    "profile.profession.other": ("other", "其他"),
    "profile.board_certified": ("Board-certified in dermatology", "是否具有皮肤科专科资格"),
    "profile.board_certified.yes": ("yes", "是"),
    "profile.board_certified.no": ("no", "否"),
    "profile.years_dermatology": ("Years in dermatology", "皮肤科从业年限"),
    "profile.years_dermoscopy": ("Years of dermoscopy", "皮肤镜使用年限"),
    "profile.years_dermatology.none": ("none", "无"),
    "profile.years_dermatology.<3": ("less than 3", "少于 3 年"),
    "profile.years_dermatology.3-10": ("3 to 10", "3 至 10 年"),
    "profile.years_dermatology.>10": ("more than 10", "10 年以上"),
    "profile.years_dermoscopy.none": ("none", "无"),
    "profile.years_dermoscopy.<3": ("less than 3", "少于 3 年"),
    "profile.years_dermoscopy.3-10": ("3 to 10", "3 至 10 年"),
    "profile.years_dermoscopy.>10": ("more than 10", "10 年以上"),
    "profile.country": ("Country", "国家或地区"),
    "profile.age": ("Age (optional)", "年龄（可选）"),
    "profile.age.<30": ("below 30", "30 岁以下"),
    "profile.age.30-39": ("30 to 39", "30 至 39 岁"),
    "profile.age.40-49": ("40 to 49", "40 至 49 岁"),
    "profile.age.50-59": ("50 to 59", "50 至 59 岁"),
    "profile.age.>=60": ("60 and above", "60 岁及以上"),
    "profile.sex": ("Sex (optional)", "性别（可选）"),
    "profile.sex.female": ("female", "女"),
    "profile.sex.male": ("male", "男"),
    "profile.sex.other": ("other", "其他"),
    "profile.sex.not said": ("rather not say", "不愿透露"),
    "own.title": ("Your data:", "您的数据："),
    "own.json": ("Download as JSON", "下载 JSON"),
    "own.csv": ("Download as CSV", "下载 CSV"),
    "withdraw.link": ("Withdraw from the study", "退出研究"),
    "withdraw.title": ("Withdraw from this study?", "确定退出本研究？"),
    "withdraw.rule.delete": (
        "If you withdraw, your answers, your profile, your consent and any contact data are "
        "deleted.",
        "退出后，您的答案、个人情况、同意记录及联系方式将被删除。",
    ),
    "withdraw.rule.anonymise": (
        "If you withdraw, your profile, your link and any contact data are deleted. Your answers "
        "so far are kept under a new random code that nobody can trace back to you.",
        "退出后，您的个人情况、链接及联系方式将被删除。"
        "已作的答案将以新的随机编号保留，无法追溯到您。",
    ),
    "withdraw.final": (
        "This cannot be undone: your link will not open the study again. You may take a copy of "
        "your data first.",
        "此操作无法撤销：您的链接将不能再打开本研究。您可以先下载自己的数据。",
    ),
    "withdraw.go": ("Withdraw now", "确认退出"),
    "withdraw.back": ("Back to the study", "返回研究"),
    "withdraw.done": ("You have withdrawn", "您已退出研究"),
    "withdraw.done.delete": (
        "Your answers, your profile and your consent have been deleted. Thank you for your time.",
        "您的答案、个人情况和同意记录已删除。感谢您的时间。",
    ),
    "withdraw.done.anonymise": (
        "Your profile and your link have been deleted; your answers stay under a new random code. "
        "Thank you for your time.",
        "您的个人情况和链接已删除；答案以新的随机编号保留。感谢您的时间。",
    ),
    "result.title": ("Your result", "您的结果"),
    "result.what": (
        "Your own answers without advice, beside the models and the other readers of this study. "
        "Simulated reading, not clinical data.",
        "您在无提示情况下的答案，与模型及本研究其他阅片者的对照。模拟读片，非临床数据。",
    ),
    "result.how": (
        "In brackets: 95% Wilson interval of each share. Of the others: median, lowest and "
        "highest, from three readers on; n is their number.",
        "括号内：各比例的 95% Wilson 区间。其他阅片者：中位数、最低与最高（至少三人），n 为人数。",
    ),
    "result.you": ("You", "您"),
    "result.others": ("Others", "其他阅片者"),
    "result.all": ("All classes", "全部类别"),
    "result.accuracy": ("Accuracy", "准确率"),
    "result.sensitivity": ("Sensitivity", "灵敏度"),
    "result.specificity": ("Specificity", "特异度"),
    "result.missed": ("Cases you missed", "您判错的病例"),
    "result.missed.none": ("None.", "无。"),
    "result.missed.case": (
        "Case {position}. Your answer: {answer}. Reference standard: {truth}.",
        "第 {position} 例。您的答案：{answer}。参考标准：{truth}。",
    ),
    "quiz.result": ("See your result", "查看您的结果"),
    "quiz.misled": (
        "Some of the advice that you saw was wrong on purpose, to learn how readers deal with it: "
        "in the cases numbered {positions}.",
        "为研究阅片者如何应对，部分提示被有意设为错误：第 {positions} 例。",
    ),
    "quiz.synthetic": ("Synthetic image: a drawing, no patient.", "合成图像：绘制而成，并非患者。"),
    "quiz.stopped": ("{reason} Reload the page to go on.", "{reason} 请重新加载页面后继续。"),
    "quiz.other_reader": (
        "Another reader has signed in with this browser; open your own link again.",
        "此浏览器已登录另一位阅片者；请重新打开您自己的链接。",
    ),
    "quiz.case": ("Case {position} of {total}", "第 {position} 例，共 {total} 例"),
    "quiz.question": ("What is the most likely diagnosis?", "最可能的诊断是什么？"),
    "quiz.image": ("The skin image of this case", "本病例的皮肤图像"),
    "quiz.confidence": ("How sure are you?", "您有多大把握？"),
    "quiz.confidence.low": ("guessing", "猜测"),
    "quiz.confidence.high": ("certain", "确定"),
    "quiz.confidence.unset": ("not said", "未填"),
    "quiz.save": ("Save and next", "保存并继续"),
    "quiz.save.change": ("Save the change", "保存更改"),
    "quiz.back": ("Back", "返回上一例"),
    "quiz.forth": ("Go on", "继续下一例"),
    "quiz.locked": (
        "Your answer to this case. It can no longer be changed.",
        "这是您对本例的答案，不可再更改。",
    ),
    "quiz.revising": (
        "Your answer to this case. You may change it and save, or go on.",
        "这是您对本例的答案。您可以更改并保存，或继续。",
    ),
    "quiz.none_given": ("no diagnosis", "未给出诊断"),
    "quiz.feedback.title": ("Reference standard", "参考诊断"),
    "quiz.feedback.agrees": ("Your answer was the same.", "您的答案与之相同。"),
    "quiz.feedback.differs": ("Your answer was: {answer}.", "您的答案是：{answer}。"),
    "quiz.feedback.close": ("Next", "下一例"),
    "quiz.hint": (
        "Keys: 1 to {n} choose, Enter saves, Z enlarges, ? shows all.",
        "快捷键：1 至 {n} 选择，回车保存，Z 放大，? 显示全部。",
    ),
    "quiz.question.again": ("What is your diagnosis now?", "您现在的诊断是什么？"),
    "quiz.practice": ("Practice: this answer does not count.", "练习：本例答案不计入结果。"),
    "quiz.told": ("Clinical information:", "临床资料："),
    "quiz.cannot_tell": ("I cannot tell", "无法判断"),
    "quiz.answer_2": ("Second choice (optional)", "第二选择（可选）"),
    "quiz.answer_3": ("Third choice (optional)", "第三选择（可选）"),
    "quiz.none": ("none", "无"),
    "quiz.management": ("What would you do?", "您会如何处理？"),
    "quiz.pick.management": ("Choose what you would do.", "请选择处理方式。"),
    "quiz.advice": ("The program {model} suggests", "程序 {model} 的建议"),
    "quiz.first": (
        "Your first answer: {answer}. Keep it or change it.",
        "您的首次答案：{answer}。可以保留或更改。",
    ),
    "quiz.first.none": ("You gave no diagnosis at first.", "您首次未给出诊断。"),
    "quiz.time": ("{n} s left", "剩余 {n} 秒"),
    "quiz.time.up": ("The time for this case is over.", "本例时间已到。"),
    "quiz.pause": ("Pause", "暂停"),
    "quiz.pause.title": ("Paused", "已暂停"),
    "quiz.pause.what": (
        "The image is covered and the time is not counted. You may also close the page; your "
        "link brings you back.",
        "图像已遮盖，时间不计。您也可以关闭页面，稍后用链接返回。",
    ),
    "quiz.pause.close": ("Go on", "继续"),
    "quiz.help": ("Keys", "快捷键"),
    "quiz.help.keys": (
        "1 to 9: choose a diagnosis\n0: I cannot tell, where offered\nEnter: save and next\n"
        "Z: enlarge the image\nV: the next view of the case, where it has several\n"
        "B: back to the case before, where the study allows it\n"
        "In the large image: wheel, pinch or + and - zoom; drag or arrow "
        "keys move; 0 shows all of it; Esc goes back\n?: this list",
        "1 至 9：选择诊断\n0：无法判断（如提供）\n回车：保存并继续\nZ：放大图像\n"
        "V：本例的下一幅图像（如有多幅）\nB：返回上一例（如研究允许）\n"
        "大图中：滚轮、双指或 + 和 - 缩放；拖动或方向键移动；0 显示全图；Esc 返回\n?：显示本列表",
    ),
    "quiz.help.close": ("Close", "关闭"),
    "quiz.zoom.hint": (
        "Wheel, pinch or + and - zoom; drag to move.",
        "滚轮、双指或 + 和 - 缩放，拖动以移动。",
    ),
    "quiz.pick": ("Choose one diagnosis first.", "请先选择一个诊断。"),
    "quiz.saving": ("Saving…", "正在保存…"),
    "quiz.saved": ("Saved", "已保存"),
    "quiz.retrying": (
        "Not saved yet, trying again. Your answer is kept on this device.",
        "尚未保存，正在重试。您的答案已保留在本设备上。",
    ),
    "quiz.kept": (
        "This case had been answered before; the first answer stands.",
        "该病例此前已作答，以首次答案为准。",
    ),
    "quiz.refused": ("This answer was not taken: {reason}", "答案未被接受：{reason}"),
    "quiz.loading": ("Loading…", "正在加载…"),
    "quiz.offline": ("No connection, trying again…", "无法连接，正在重试…"),
    "quiz.signed_out": (
        "You are signed out. Open your invitation link again; nothing saved is lost.",
        "您已退出登录。请重新打开邀请链接，已保存的内容不会丢失。",
    ),
    "quiz.view": ("View {n} of {total}", "第 {n} 幅，共 {total} 幅"),
    "quiz.zoom": ("Enlarge the image", "放大图像"),
    "quiz.zoom.close": ("Back to the question", "返回题目"),
    "quiz.done": ("Thank you. All cases are answered.", "感谢您！所有病例均已作答。"),
    "quiz.done.what": (
        "Your {total} answers are saved. You may close this page.",
        "您的 {total} 个答案已保存，可以关闭此页面。",
    ),
    "quiz.closed": ("This study is closed.", "本研究已结束。"),
    "quiz.closed.what": (
        "No more answers are taken. Your {answered} answers are saved.",
        "不再接收答案。您的 {answered} 个答案已保存。",
    ),
}


def words(language: str) -> dict[str, str]:
    """The whole catalogue in one language; an unknown language is English."""
    column = 1 if language == "zh" else 0
    return {key: pair[column] for key, pair in CATALOGUE.items()}


def quiz_words(language: str) -> dict[str, str]:
    return {k: v for k, v in words(language).items() if k.startswith("quiz.")}


def language_of(connection: HTTPConnection) -> str:
    """What the reader chose, else what the browser prefers."""
    chosen = connection.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    preferred = _preferred(connection.headers)
    return "zh" if preferred.startswith("zh") else "en"


def _preferred(headers: Mapping[str, str]) -> str:
    return headers.get("accept-language", "").split(",")[0].strip().lower()
