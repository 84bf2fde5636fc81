"""Texts that people send by accident or by intent, by what is odd about them."""

HOSTILE = {
    "half a sign": "\ud800x",
    "the other half": "x\udfff",
    "a byte that is no UTF-8": "x\udcff",
    "NUL": "a\0b",
    "bell": "a\ab",
    "escape of a terminal": "\x1b[2Jx",
    "delete": "a\x7fb",
    "next line of C1": "a\x85b",
    "line separator": "a\u2028b",
    "paragraph separator": "a\u2029b",
    "override to the left": "abc\u202egpj.exe",
    "override to the right": "a\u202db",
    "embedding": "a\u202bb",
    "end of embedding": "a\u202cb",
    "isolate": "a\u2067b\u2069",
    "no character": "a\uffffb",
    "too long": "x" * 1_000_000,
}
# Refused nowhere: what people of all countries write.
LEGITIMATE = (
    "李小龍",
    "神﨑 髙",
    "محمد بن عبد الله",
    "فاطمه\u200cزهرا",
    "\u200fשלום\u200f",
    "Zoë Müller-Łukasz",
    "Zoe\u0308",
    "👩🏽\u200d⚕️",
    "O'Brien & Söhne <Praxis>",
)
MARKUP = '<img src=x onerror="document.title=1">'
