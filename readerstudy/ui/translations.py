"""Every word that a reader sees, in English and Simplified Chinese, from one catalogue."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import HTTPConnection

from readerstudy.domain.profile import NO_YEARS
from readerstudy.ui.translations_of_pages import PAGES

LANGUAGE_COOKIE: Final = "skinreader-language"
LANGUAGES: Final = {"en": "English", "zh": "简体中文"}

# key: (English, Simplified Chinese). Keys of `quiz.` are sent to the browser.
CATALOGUE: Final[dict[str, tuple[str, str]]] = {
    **PAGES,
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
    "quiz.malignancy": (
        "Malignant, all such classes together: {share}",
        "恶性（所有恶性类别合计）：{share}",
    ),
    "quiz.advice": ("The program {model} suggests", "程序 {model} 的建议"),
    "quiz.first": (
        "Your first answer: {answer}. Keep it or change it.",
        "您的首次答案：{answer}。可以保留或更改。",
    ),
    "quiz.first.none": ("You gave no diagnosis at first.", "您首次未给出诊断。"),
    "quiz.time": ("{time} left", "剩余 {time}"),
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
    "quiz.saliency": ("Saliency map of the program {model}", "程序 {model} 的显著性图"),
    "quiz.similar": ("Similar known cases", "相似的已知病例"),
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


def band_words(band: str, t: Mapping[str, str]) -> str:
    """A group of experience, as `profile.experience_bands` names it, in words."""
    if band == NO_YEARS:
        return t["profile.years.none"]
    for sign, key in (("<", "below"), (">=", "from"), (">", "above")):
        if band.startswith(sign):
            return t[f"profile.years.{key}"].format(n=band.removeprefix(sign))
    low, _, high = band.partition("-")
    if not high:
        return t["profile.years.exactly"].format(n=low)
    return t["profile.years.between"].format(low=low, high=high)


def language_of(connection: HTTPConnection) -> str:
    """What the reader chose, else what the browser prefers."""
    chosen = connection.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    preferred = _preferred(connection.headers)
    return "zh" if preferred.startswith("zh") else "en"


def _preferred(headers: Mapping[str, str]) -> str:
    return headers.get("accept-language", "").split(",")[0].strip().lower()
