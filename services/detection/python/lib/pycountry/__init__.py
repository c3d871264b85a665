"""Countries by their ISO 3166-1 codes and names, as the library of this name has them. Its other lists, and official names, are not here."""

from pycountry._table import TABLE


class Country:
    def __init__(self, alpha_2, alpha_3, numeric, names):
        name, _, common = names.partition("|")
        self.alpha_2, self.alpha_3 = alpha_2, alpha_3
        if common:
            self.common_name = common
        self.flag = "".join(chr(ord(letter) - ord("A") + 0x1F1E6) for letter in alpha_2)
        self.name, self.numeric = name, numeric

    def __iter__(self):
        return iter(vars(self).items())

    def __repr__(self):
        return f"Country({', '.join(f'{key}={value!r}' for key, value in self)})"


class _Countries:
    def __init__(self, table):
        self._all = [Country(*line.split(" ", 3)) for line in table.strip().splitlines()]

    def get(self, *, default=None, **wanted):
        """The country with this code or name, whatever its case: `alpha_2`, `alpha_3`, `numeric`, `name` or `common_name`; one at a time."""
        if len(wanted) != 1:
            raise TypeError(f"get() takes one field to look for, {len(wanted)} given")
        ((field, value),) = wanted.items()
        if value is None:
            raise LookupError(f"get({field}=None)")
        return next((each for each in self._all if _same(getattr(each, field, None), value)), default)

    def lookup(self, value):
        """The country that has this among its codes and names; LookupError when none has."""
        for each in self._all:
            if any(_same(own, value) for _, own in each):
                return each
        raise LookupError(f"Could not find a record for {value!r}")

    def __iter__(self):
        return iter(self._all)

    def __len__(self):
        return len(self._all)


def _same(own, value):
    return own is not None and isinstance(value, str) and own.lower() == value.lower()


countries = _Countries(TABLE)


def __getattr__(name):
    raise AttributeError(f"pycountry.{name} is not there: countries are, other lists are not")
