# SPDX-License-Identifier: Apache-2.0
"""Mutants of a C source: each is the source with one small change that a programmer could have made by mistake. By rules over tokens, so
always the same for the same text; what does not compile is left to whoever compiles it.

Changed are operators (relational, logical, arithmetic, of bits, assigning ones, ++ and --), numbers (one more, one less), true and
false, conditions (of if, while and ?: turned round, or always true), and statements (an assignment, a call, a return, a break or a
continue left out, a break for a continue). Not changed are texts, names, types, what stands in a preprocessor line, and the 0 of {0},
which is no number but says that all is zero."""
import bisect
import re

TOKEN = re.compile(r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)
 |(?P<line>\#(?:[^\n\\]|\\.|\\\n)*)
 |(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
 |(?P<number>\d[\w.]*)
 |(?P<word>[A-Za-z_]\w*)
 |(?P<sign><<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)""", re.X | re.S)
# what stands instead of a sign that has two operands
BINARY = {
    "<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"), "==": ("!=",), "!=": ("==",),
    "&&": ("||",), "||": ("&&",),
    "+": ("-",), "-": ("+",), "*": ("/",), "/": ("*",), "%": ("*",),
    "&": ("|",), "|": ("&",), "^": ("&",), "<<": (">>",), ">>": ("<<",),
    "+=": ("-=",), "-=": ("+=",), "*=": ("/=",), "/=": ("*=",), "|=": ("&=",), "&=": ("|=",), "^=": ("&=",), "<<=": (">>=",), ">>=": ("<<=",),
}
WORDS = {"true": "false", "false": "true"}
JUMPS = {"break": ("continue;", ";"), "continue": ("break;", ";")}
KEYWORDS = {"return", "case", "default", "sizeof", "else", "do", "goto", "if", "while", "for", "switch"}
DECLARES = {"struct", "enum", "union", "const", "static", "extern", "unsigned", "signed", "int", "char", "long", "short", "void", "bool",
            "float", "double", "typedef", "register", "volatile", "_Static_assert", "__attribute__", "__asm__"}
ASSIGNS = {"=", "+=", "-=", "*=", "/=", "%=", "|=", "&=", "^=", "<<=", ">>=", "++", "--"}


class Token:
    def __init__(self, kind, text, at):
        self.kind, self.text, self.at, self.end = kind, text, at, at + len(text)


class Mutant:
    """at, end, instead: what of the text is replaced by what. line: its number; was, now: that line before and after."""

    def __init__(self, source, function, at, end, instead):
        self.function, self.at, self.end, self.instead = function, at, end, instead
        self.line = bisect.bisect_right(source.lines, at)
        begin, stop = source.lines[self.line - 1], source.text.find("\n", at)
        self.was = " ".join(source.text[begin:stop].split())
        self.now = " ".join((source.text[begin:at] + instead + source.text[min(end, stop):stop]).split())

    def applied(self, text):
        return text[:self.at] + self.instead + text[self.end:]


class Source:
    """The tokens of a text, each with the function that it stands in ("" outside) and what brackets are open around it."""

    def __init__(self, text):
        self.text = text
        self.lines = [0] + [match.end() for match in re.finditer("\n", text)]
        self.tokens = [Token(match.lastgroup, match.group(), match.start()) for match in TOKEN.finditer(text)
                       if match.lastgroup not in ("space", "line")]
        self.partner = {}  # of each bracket: the place of the other one
        self.function = [""] * len(self.tokens)
        self.within = [False] * len(self.tokens)  # curly brackets; outside of them stand types alone
        self.depth = [0] * len(self.tokens)  # of round and square brackets
        self.find_brackets()
        self.find_functions()

    def find_brackets(self):
        opened = []
        for i, token in enumerate(self.tokens):
            self.depth[i] = sum(self.tokens[j].text != "{" for j in opened)
            if token.kind == "sign" and token.text in "([{":
                opened.append(i)
            elif token.kind == "sign" and token.text in ")]}":
                self.partner[i] = opened.pop()
                self.partner[self.partner[i]] = i
                self.depth[i] = sum(self.tokens[j].text != "{" for j in opened)

    def find_functions(self):
        i = 0
        while i < len(self.tokens):
            if self.tokens[i].text == "{" and i in self.partner:
                end = self.partner[i]
                self.within[i:end + 1] = [True] * (end + 1 - i)
                if i > 0 and self.tokens[i - 1].text == ")":
                    name = self.tokens[self.partner[i - 1] - 1].text
                    self.function[i:end + 1] = [name] * (end + 1 - i)
                i = end
            i += 1

    def has_two_operands(self, i):
        before, after = self.tokens[i - 1], self.tokens[i + 1]
        operand = before.kind in ("number", "text") or before.text in (")", "]") or (before.kind == "word" and before.text not in KEYWORDS)
        return operand and after.text not in (")", ",", ";", "=", "]")

    def statement_end(self, i):
        """The place of the semicolon of the statement that begins here; None when none does."""
        before = self.tokens[i - 1].text if i > 0 else ""
        begins = before in (";", "{", "}", "else", ":") or (before == ")" and self.is_head(i - 1))
        if not self.function[i] or self.depth[i] != 0 or not begins:
            return None
        while self.tokens[i].text != ";":
            if self.tokens[i].text == "}":
                return None
            i = self.partner[i] + 1 if self.tokens[i].text in "([{" else i + 1
        return i

    def is_head(self, i):
        """Whether this closes the bracket of an if, a while or a for."""
        return self.tokens[self.partner[i] - 1].text in ("if", "while", "for", "switch")


def of_signs(source):
    for i, token in enumerate(source.tokens):
        if not source.within[i]:
            continue
        if token.kind == "sign" and token.text in BINARY and source.has_two_operands(i):
            for instead in BINARY[token.text]:
                yield i, token.at, token.end, instead
        elif token.text in ("++", "--"):
            yield i, token.at, token.end, "--" if token.text == "++" else "++"
        elif token.text in ("!", "~") or (token.text == "-" and not source.has_two_operands(i)):
            yield i, token.at, token.end, ""


def of_numbers(source):
    for i, token in enumerate(source.tokens):
        if token.kind == "word" and token.text in WORDS:
            yield i, token.at, token.end, WORDS[token.text]
        whole = re.fullmatch(r"(0[xX][0-9a-fA-F]+|\d+)([uUlL]*)", token.text) if token.kind == "number" else None
        if whole and not (token.text == "0" and source.tokens[i - 1].text == "{" and source.tokens[i + 1].text == "}"):
            value = int(whole.group(1), 0) if whole.group(1) != "0" else 0
            for other in (value + 1, value - 1):
                yield i, token.at, token.end, (f"{other}{whole.group(2)}" if other >= 0 else "(-1)")


def of_conditions(source):
    for i, token in enumerate(source.tokens):
        if token.kind == "word" and token.text in ("if", "while") and source.tokens[i + 1].text == "(":
            opens, closes = source.tokens[i + 1], source.tokens[source.partner[i + 1]]
            inside = source.text[opens.end:closes.at]
            yield i, opens.at, closes.end, f"(!({inside}))"
            if token.text == "if":
                yield i, opens.at, closes.end, f"(({inside}) || 1)"
        elif token.text == "?":
            yield i, token.at, token.end, "&& 0 ?"
            yield i, token.at, token.end, "|| 1 ?"


def of_statements(source):
    for i, token in enumerate(source.tokens):
        end = source.statement_end(i)
        if end is None:
            continue
        if token.text in JUMPS:
            for instead in JUMPS[token.text]:
                yield i, token.at, source.tokens[end].end, instead
        elif token.text == "return" or (token.text not in DECLARES and does_something(source, i, end)):
            yield i, token.at, source.tokens[end].end, ";"


def does_something(source, i, end):
    """An assignment or a call, and no declaration: of that two words stand side by side."""
    first, second = source.tokens[i], source.tokens[i + 1]
    if first.kind == "word" and (first.text in KEYWORDS or second.kind == "word" or second.text == ":"):
        return False
    while i < end:
        text = source.tokens[i].text
        if text in ASSIGNS or (text == "(" and source.tokens[i - 1].kind == "word"):
            return True
        i = source.partner[i] + 1 if text == "[" else i + 1
    return False


def mutants(text):
    """All of them, in the order of the text."""
    source = Source(text)
    found = [Mutant(source, source.function[i], at, end, instead)
             for rule in (of_signs, of_numbers, of_conditions, of_statements) for i, at, end, instead in rule(source)]
    return sorted(found, key=lambda mutant: (mutant.at, mutant.end, mutant.instead))
