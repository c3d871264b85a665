"""What detections print: kept to its first letters, whatever they print."""

_most_letters = 16 * 1024


class Output:
    encoding = "utf-8"
    errors = "replace"
    closed = False

    def __init__(self):
        self.begin()

    def begin(self):
        self._parts = []
        self._left = _most_letters
        self.used = False

    def take(self):
        if not self.used:
            return ""
        said = "".join(self._parts)
        if self._left == 0:
            said += "… (and more)"
        self.begin()
        return said

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self._left:
            self.used = True
            short = text[: self._left]
            self._parts.append(short)
            self._left -= len(short)
        return len(text)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        pass

    def isatty(self):
        return False

    def writable(self):
        return True

    def readable(self):
        return False

    def fileno(self):
        raise OSError("no file")
