"""The default consent text; each consent stores its version and the hash of what was shown."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ConsentText:
    """`version` names both languages together; without `text_zh` everybody reads `text`."""

    version: str
    text: str
    text_zh: str | None = None


# Another wording needs another version.
DEFAULT_CONSENT = ConsentText(
    version="2",
    text="""\
You are asked to judge dermoscopic images, one at a time, in a study that compares readers with a
computer program. Taking part is voluntary; you may stop at any time by closing the page, and come
back with the same link.

What is stored: your answers, how sure you were, when each image was shown and answered, and what
you tell about your profession and experience. You appear under a random code only. A name or
address with which you were invited, or asked to take part, is kept apart from your answers, seen by
the owners of the study alone, and deleted if you withdraw.

What it is for: statistics over all readers, and their publication. This is a simulated reading of
images, not the care of patients.""",
    text_zh="""\
请您逐幅判读皮肤镜图像。本研究将阅片者的判断与计算机程序的判断进行比较。参加完全自愿；您可以随时关闭页面停止，\
也可以用同一链接继续。

保存的内容：您的答案、您的把握程度、每幅图像显示和作答的时间，以及您填写的职业和经验。\
您仅以随机编号出现。邀请您时或您申请参加时使用的姓名和地址与您的答案分开保存，仅研究负责人可见，退出时删除。

用途：对全体阅片者进行统计并发表结果。这是对图像的模拟判读，不是对患者的诊疗。""",
)
