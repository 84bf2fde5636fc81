"""The words of all that comes before and after the cases; strings.py has those of the cases."""

from typing import Final

# key: (English, Simplified Chinese).
PAGES: Final[dict[str, tuple[str, str]]] = {
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
        "读片研究仅限受邀阅片者。请打开发送给您的个人链接；中断后也可用它继续。",
    ),
    "invite.staff": ("Staff sign in here", "工作人员登录"),
    "join.title": ("Ask to take part", "申请参加"),
    "join.what": (
        "In this study you would see {n} skin images one after another and name the most likely "
        "diagnosis of each. Tell the people who run it who you are; if they agree, they send you "
        "a personal link.",
        "在本研究中，您将依次看到 {n} 幅皮肤图像，并为每幅图像选择最可能的诊断。"
        "请告知研究人员您是谁；如获同意，他们将向您发送个人链接。",
    ),
    "join.private": (
        "What you write here is seen by the owners of the study alone and kept apart from all "
        "answers. It is deleted if you are not admitted, and if you withdraw.",
        "您在此填写的内容仅研究负责人可见，与所有答案分开保存。未获准参加或日后退出时，将予以删除。",
    ),
    "join.name": ("Name", "姓名"),
    "join.email": ("E-mail", "电子邮箱"),
    "join.note": (
        "Where you work, or anything they should know (optional)",
        "工作单位或其他说明（可选）",
    ),
    "join.go": ("Send request", "提交申请"),
    "join.wrong": (
        "Write your name and an e-mail address with '@', at most 200 characters each, and at most "
        "500 characters below; then send again.",
        "请填写姓名和含“@”的电子邮箱（各不超过 200 个字符），说明不超过 500 个字符，然后重新提交。",
    ),
    "join.too_many": (
        "There were too many requests just now; nothing was stored. Wait 15 minutes and send "
        "again.",
        "当前申请过多，内容未保存。请等待 15 分钟后重新提交。",
    ),
    "join.done": ("Your request was sent", "申请已提交"),
    "join.done.what": (
        "The people who run the study will write to you. You may close this page.",
        "研究人员将与您联系，您可以关闭此页面。",
    ),
    "join.none": ("There is nothing to join here", "此处没有可申请的研究"),
    "join.none.what": (
        "This study does not exist or takes no requests. Ask the people who told you of it for a "
        "personal link.",
        "该研究不存在或不接受申请。请向告知您的人索取个人链接。",
    ),
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
        "供研究管理人员使用。阅片者请使用邀请链接。",
    ),
    "login.crowded": (
        "Many people are signing in just now. Your password was not looked at; try again in a "
        "moment.",
        "当前登录人数过多，未检查您的密码，请稍后重试。",
    ),
    "account.title": ("Change your password", "更改密码"),
    "account.what": (
        "You stay signed in here. Everywhere else you are signed out.",
        "您在此处保持登录，其他设备上的登录将全部退出。",
    ),
    "account.old": ("Present password", "当前密码"),
    "account.new": ("New password (at least 10 characters)", "新密码（至少 10 个字符）"),
    "account.again": ("New password once more", "再次输入新密码"),
    "account.differs": (
        "The new password was not typed the same twice; type it again.",
        "两次输入的新密码不一致，请重新输入。",
    ),
    "account.go": ("Change password", "更改密码"),
    "account.done": (
        "Your password was changed. Everywhere else you are signed out.",
        "密码已更改，其他设备上的登录已全部退出。",
    ),
    "account.back": ("Back to the administration", "返回管理页面"),
    "accounts.title": ("Accounts", "账户"),
    "accounts.what": (
        "Those who run studies. Whoever gets a new password, or is disabled, is signed out "
        "everywhere at once.",
        "研究管理人员的账户。设置新密码或停用账户后，其所有登录立即退出。",
    ),
    "accounts.disabled": ("disabled", "已停用"),
    "accounts.every": ("every study", "所有研究"),
    "accounts.sessions": ("sessions: {n}", "登录会话：{n}"),
    "accounts.end": ("Sign out everywhere", "退出所有登录"),
    "accounts.disable": ("Disable", "停用"),
    "accounts.enable": ("Enable", "启用"),
    "accounts.set": ("Set a new password", "设置新密码"),
    "accounts.trail": ("What happened last", "最近事件"),
    "accounts.trail.what": (
        "Failed sign-ins are counted by quarters of an hour (UTC); what was typed for a name that "
        "no account has is not kept.",
        "登录失败按每 15 分钟（UTC）计数；不保存未知用户名的输入内容。",
    ),
    "accounts.trail.all": ("All events (CSV)", "全部事件（CSV）"),
    "accounts.when": ("When (UTC)", "时间（UTC）"),
    "accounts.who": ("Who", "操作者"),
    "accounts.did": ("What", "操作"),
    "accounts.on": ("On", "对象"),
    "consent.title": ("Before you begin", "开始之前"),
    "consent.check": ("I have read this and agree to take part", "我已阅读并同意参加"),
    "consent.feedback": (
        "This is a teaching study: after each answer you are told the reference standard of the "
        "case, and the answer can no longer be changed.",
        "本研究用于教学：每次作答后将告知该病例的参考诊断，答案不可再更改。",
    ),
    "consent.contacts": (
        "The name and address with which you were invited, or asked to take part, are deleted by "
        "{date} at the latest; your answers stay under their random code.",
        "邀请您时或您申请参加时使用的姓名和地址最迟于 {date} 删除；您的答案仍以随机编号保存。",
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
    "profile.years.none": ("none", "无"),
    "profile.years.below": ("less than {n}", "少于 {n} 年"),
    "profile.years.between": ("{low} to {high}", "{low} 至 {high} 年"),
    "profile.years.exactly": ("{n}", "{n} 年"),
    "profile.years.above": ("more than {n}", "超过 {n} 年"),
    "profile.years.from": ("{n} or more", "{n} 年及以上"),
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
        "deleted. What stays is that a reader came and withdrew, and when, under no code and "
        "without any answer. Results computed before, and copies made before, are not recalled.",
        "退出后，您的答案、个人情况、同意记录及联系方式将被删除。仅保留曾有一位阅片者加入并退出及其时间，"
        "不含编号和任何答案。此前已计算的结果和已制作的副本不会收回。",
    ),
    "withdraw.rule.anonymise": (
        "If you withdraw, your profile, your link and any contact data are deleted. Your answers "
        "so far are kept with their times under a new random code; nothing stored leads from it to "
        "your old code or to you. Results computed before, and copies made before, are not "
        "recalled.",
        "退出后，您的个人情况、链接及联系方式将被删除。已作的答案及其时间将以新的随机编号保留，"
        "所存内容无法由此追溯到您原来的编号或您本人。此前已计算的结果和已制作的副本不会收回。",
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
    "result.roc.x": ("1 − specificity", "1 − 特异度"),
    "result.roc.alt": (
        "ROC curves of the models and your own point; the numbers are beside it.",
        "模型的 ROC 曲线与您的工作点，数值见旁。",
    ),
    "result.roc.own": (
        "You: sensitivity {sensitivity}; specificity {specificity}",
        "您：灵敏度 {sensitivity}；特异度 {specificity}",
    ),
    "result.roc.model": ("{model}: AUC {auc}, n={n} cases", "{model}：AUC {auc}，n={n} 例"),
    "result.roc.others": ("Median of {n} other readers", "其他 {n} 位阅片者的中位数"),
    "result.roc.how": (
        "In the figures: bars are the 95% Wilson intervals of your own shares; in brackets behind "
        "an area its 95% interval (DeLong; exact for 0 and 1). A curve shows a model at every "
        "threshold, your point the one that you used. No other reader is shown, and nobody is "
        "ranked.",
        "图中：误差线为您各比例的 95% Wilson 区间；AUC 括号内为 95% 区间（DeLong 法；"
        "0 与 1 用精确法）。曲线为模型在所有阈值下的表现，点为您所用的阈值。"
        "不显示其他单个阅片者，也不排名。",
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
}
