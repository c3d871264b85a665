"""Runs detections: loads them, judges events and resources with them, runs their tests. JSON text in, JSON text out."""

import gc
import importlib.abc
import importlib.machinery
import json
import linecache
import marshal
import signal
import sys
import time
import traceback
import types
from array import array
from collections.abc import Mapping

import tripline_cache as _cache
import tripline_resources as _resources
import tripline_shared as _shared
from panther_core import FunctionReturnTypeError, PantherEvent
from panther_core.data_model import DataModel
from panther_core.immutable import plain, unwrap
from tripline_output import Output

# [number of the call at hand, number of the last call that was interrupted]: the host watches the first while we run.
cells = array("I", [0, 0])

_host = {}
_detections = []
_models = {}
_text_limit = 1_000
_context_limit = 204_800
_most_destinations = 10
_most_summed, _most_members, _summed_letters = 10, 20, 200
_cut_mark = "... (truncated)"
_severities = ("INFO", "LOW", "MEDIUM", "HIGH", "CRITICAL")
# In the order of their calls; the title stands in for `dedup`.
_wording = ("title", "description", "reference", "severity", "runbook", "destinations", "dedup", "alert_context", "unique")


def connect(announce, ask, iam_data_of, add_to, whole_of=None):
    """The host's functions: a file is about to load; another resource by id; IAM data; of an event of the batch, what it gets besides and all of it."""
    _host.update(announce=announce, ask=ask, iam=iam_data_of, add=add_to, whole=whole_of)
    sys.stdout = sys.stderr = _output
    time.sleep = _sleep


def _sleep(seconds):
    # The interpreter's own sleep cannot be interrupted.
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def iam_data():
    return _host["iam"]()


_output = Output()


class _Detection:
    def __init__(self, given, module):
        self.id, self.kind, self.spec, self.module = given["id"], given["kind"], given["spec"], module
        self.is_policy = self.kind == "policy"
        self.main_name = "policy" if self.is_policy else "rule"
        self.main = getattr(module, self.main_name, None)
        if self.main is None and self.kind == "scheduled_rule":
            self.main = _always
        if not callable(self.main):
            raise AttributeError(f"no function {self.main_name}({'resource' if self.is_policy else 'event'})")
        self.words = tuple((name, getattr(module, name)) for name in _wording if hasattr(module, name))


def _always(_):
    return True


# ---- loading


class _Globals(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the modules that detections share, by their ids."""

    def __init__(self, modules):
        self.modules = modules

    def find_spec(self, name, path=None, target=None):
        if name not in self.modules or name in sys.stdlib_module_names:
            return None
        return importlib.machinery.ModuleSpec(name, self, origin=self.modules[name]["file"])

    def exec_module(self, module):
        given = self.modules[module.__name__]
        module.__file__ = given["file"]
        exec(given.get("compiled") or _compiled(given), module.__dict__)


def _compiled(given):
    file, code = given["file"], given["code"]
    linecache.cache[file] = (len(code), None, code.splitlines(True), file)
    return compile(code, file, "exec", dont_inherit=True)


def _is_module(name):
    return name in sys.stdlib_module_names or importlib.machinery.PathFinder.find_spec(name) is not None


def _module(given, name):
    module = types.ModuleType(name)
    module.__file__ = given["file"]
    # What looks itself up by its name (dataclasses, pickles) finds itself; a module that is there stays, and one that others may import yet.
    if not _is_module(name.split(".")[0]):
        sys.modules.setdefault(name, module)
    try:
        exec(_compiled(given), module.__dict__)
    finally:
        changed = _shared.restore()
    if changed is not None:
        raise ImportError(f"changes {changed}, which all detections share; allowed: changes to what is its own")
    _shared.keep()
    return module


def load(text):
    given = json.loads(text)
    refused = dict(given["refused"])
    _shared.keep()
    sys.meta_path.insert(0, _Globals({each["id"]: each for each in given["globals"]}))
    broken = []
    loaded = []
    for each in given["globals"]:
        # Named also where nobody imports it.
        try:
            each["compiled"] = _compiled(each)
        except (SyntaxError, ValueError) as error:
            broken.append({"id": each["id"], "file": each["file"], "message": _described(error)})

    def attempt(item, make):
        file = item["module"]["file"] if item["module"] else item["file"]
        if file in refused:
            broken.append({"id": item["id"], "file": file, "message": refused[file]})
            return
        _host["announce"](file)
        _output.begin()
        made, failure = _call(make)
        _say_aloud(file)
        if failure is not None:
            reason, message = failure
            sys.modules.pop(item["id"], None) if reason != "threw" else None
            broken.append({"id": item["id"], "file": file, "message": "did not load in time" if reason == "timeout" else message})
        return made

    for model in given["dataModels"]:

        def make_model(model=model):
            module = _module(model["module"], f"data model {model['id']}") if model["module"] else None
            return DataModel(model["id"], model["mappings"], module)

        made = attempt(model, make_model)
        if made is not None and model["enabled"]:
            for log_type in model["logTypes"]:
                _models[log_type] = made
    for detection in given["detections"]:

        def make(detection=detection):
            return _Detection(detection, _module(detection["module"], detection["id"]))

        made = attempt(detection, make)
        if made is not None:
            _detections.append(made)
            loaded.append(made.id)
    linecache.checkcache = lambda *_: None
    # What is loaded stays. Events come and go by their references: what they leave is looked for seldom.
    gc.freeze()
    gc.set_threshold(10_000, 10)
    return json.dumps({"loaded": loaded, "broken": broken, "caches": "panther_detection_helpers.caching" in sys.modules})


def guards(text):
    import tripline_guards

    return tripline_guards.derive(text)


# ---- one call


def _call(run):
    """`(answer, None)`, or `(None, (reason, message))` when the call raised or was ended."""
    cells[0] += 1
    number = cells[0]
    try:
        answer = run()
        if cells[1] != number:
            return answer, None
        return None, ("timeout", "")
    except MemoryError:
        return None, ("memory", "")
    except BaseException as error:  # noqa: BLE001
        if cells[1] == number:
            return None, ("timeout", "")
        return None, ("threw", _described(error))
    finally:
        cells[0] += 1


def _described(error):
    """What was raised, and where in the detection's own code."""
    try:
        words = f"{type(error).__name__}: {error}"
    except BaseException:  # noqa: BLE001
        words = type(error).__name__
    if isinstance(error, SyntaxError) and error.lineno:
        return f"{type(error).__name__}: {error.msg} ({_short(error.filename)}, line {error.lineno})"
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not frame.filename.startswith(("/lib/", "<frozen")):
            return f"{words} ({_short(frame.filename)}, line {frame.lineno})"
    return words


def _short(file):
    return str(file).rsplit("/", 1)[-1]


def _say_aloud(name):
    """What was printed since, kept for the host's log."""
    said = _output.take()
    if said:
        _spoken.append([name, said])


_spoken = []


def spoken():
    """What detections printed, with their names; once."""
    said = json.dumps(_spoken)
    _spoken.clear()
    return said


# ---- words of a match


def _cut(text):
    return text if len(text) <= _text_limit else text[: _text_limit - len(_cut_mark)] + _cut_mark


def _typed(detection, name, answer, expected):
    if not isinstance(answer, expected):
        raise FunctionReturnTypeError(f"detection [{detection.id}] function [{name}] returned [{type(answer).__name__}]; allowed: [{expected.__name__}]")
    return answer


def _read_main(detection, answer):
    if answer is not True and answer is not False:
        raise FunctionReturnTypeError(
            f"detection [{detection.id}] function [{detection.main_name}] returned [{type(answer).__name__}]; allowed: [bool]"
        )
    return answer


def _read_severity(detection, answer):
    word = _typed(detection, "severity", answer, str).upper()
    if word == "DEFAULT":
        return None
    if word not in _severities:
        raise FunctionReturnTypeError(f"detection [{detection.id}] function [severity] returned {word[:100]!r}; allowed: {', '.join(_severities)}, DEFAULT")
    return word


def _read_destinations(detection, answer):
    if answer is None:
        return None
    answer = _typed(detection, "destinations", answer, list)
    if not all(isinstance(each, (str, bool)) for each in answer):
        raise FunctionReturnTypeError(f"detection [{detection.id}] function [destinations] returned a list of other things than text")
    return [] if "SKIP" in answer else [each for each in answer if isinstance(each, str)][:_most_destinations]


def _read_context(detection, answer):
    context = json.dumps(dict(_typed(detection, "alert_context", answer, Mapping)), default=plain, allow_nan=False)
    if len(context) <= _context_limit:
        return context
    return json.dumps({"_error": f"alert_context is {len(context)} characters of JSON; at most {_context_limit} are kept"})


def _read_text(name):
    return lambda detection, answer: _cut(_typed(detection, name, answer, str))


_read = {
    "severity": _read_severity,
    "destinations": _read_destinations,
    "alert_context": _read_context,
    **{name: _read_text(name) for name in ("title", "description", "reference", "runbook", "dedup", "unique")},
}


def _words(detection, given):
    """What the wording functions say, by name; one that fails is left out and named, so that a default stands in."""
    said, wrong = {}, []
    for name, function in detection.words:
        try:
            answer = _read[name](detection, function(given))
        except Exception as error:
            wrong.append([name, _described(error)])
            if name == "alert_context":
                said[name] = json.dumps({"_error": _cut(repr(error))})
        else:
            if answer is not None and (answer != "" or name == "unique"):
                said[name] = answer
    return said, wrong


def _summary(detection, event):
    """The values of the fields that an alert sums up, as text: of a list its members; what is a container again is no value."""
    found = []
    for path in detection.spec.get("summaryAttributes", ())[:_most_summed]:
        try:
            value = unwrap(event.deep_get(*path.split(".")))
            members = value if isinstance(value, list) else [value]
            texts = dict.fromkeys(_plain_text(each) for each in members if each != "" and isinstance(each, (str, bool, int, float)))
        except Exception:  # noqa: BLE001
            continue
        found.extend([path, text] for text in list(texts)[:_most_members])
    return found


def _plain_text(value):
    return (value if isinstance(value, str) else json.dumps(value))[:_summed_letters]


# ---- batches


def _arm():
    # A detection may have taken the signal for itself.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.stdout = sys.stderr = _output


def plan(text):
    """`[[plan, [detection, …], log type, names of fields or null for all], …]`: who is asked about an event, and what of it they are given."""
    for number, numbers, log_type, fields in json.loads(text):
        _plans[number] = (numbers, log_type, None if fields is None else frozenset(fields))


_plans = {}
_longest_name = 100
# How often a detection looked for a field that it was not given, None for all of them.
_missed = {}


def judge_events(text, has_inventory, keeps):
    """`[[tag, plan, record or its fields], …]` to `[[[tag, [[detection, match or failure], …], writes], …], [[detection, field, times], …]]`, silent events left out."""
    _arm()
    answer = []
    try:
        batch = json.loads(text.to_bytes())
    except (ValueError, RecursionError):
        return "null"
    for tag, number, record in batch:
        numbers, log_type, fields = _plans[number]
        said, writes = _judge_event(tag, numbers, log_type, record, has_inventory, keeps, fields)
        if said or writes:
            answer.append([tag, said, writes])
    missed = [[*place, times] for place, times in _missed.items()]
    _missed.clear()
    return json.dumps([answer, missed])


def judge_event(tag, numbers, log_type, record_text, has_inventory, keeps):
    """One event by itself, where a batch could not be read."""
    _arm()
    try:
        record = json.loads(record_text)
    except (ValueError, RecursionError) as error:
        message = f"the event cannot be read: {type(error).__name__}: {error}"
        return json.dumps([tag, [[number, {"failure": ["threw", message]}] for number in json.loads(numbers)], []])
    return json.dumps([tag, *_judge_event(tag, json.loads(numbers), log_type, record, has_inventory, keeps)])


class _Source:
    """The rest of an event, which the host keeps as long as the batch lasts."""

    __slots__ = ("tag", "missed")

    def __init__(self, tag):
        self.tag = tag
        self.missed = False

    def added(self):
        return json.loads(_host["add"](self.tag))

    def whole(self, key):
        event = json.loads(_host["whole"](self.tag))
        self.missed = True if key is None else key
        return event


def _judge_event(tag, numbers, log_type, record, has_inventory, keeps, fields=None):
    source = _Source(tag)
    event = PantherEvent(record, _models.get(log_type), source, fields)
    said, all_writes = [], []
    ask = _host["ask"] if has_inventory else None
    writes = asked = None
    for number in numbers:
        detection = _detections[number]
        try:
            # What a quiet call has left untouched serves the next one.
            if writes is None:
                writes = []
                _cache.begin(writes, keeps)
                asked = _resources.begin(ask)
            one = _judge_one(detection, event)
        except KeyboardInterrupt:
            one = {"failure": ["timeout", ""]}
        if source.missed:
            place = (number, None if source.missed is True else source.missed[:_longest_name])
            _missed[place] = _missed.get(place, 0) + 1
            source.missed = False
        if one is not None or _output.used:
            _say_aloud(detection.id)
        if one is None and not writes and not asked:
            continue
        if one is not None:
            said.append([number, one])
        if writes:
            if one is not None and "failure" in one:
                _cache.undo(writes)
            else:
                all_writes.extend(writes)
                _cache.wait(tag, writes)
        writes = None
    _cache.begin(None, keeps)
    if sys.getrefcount(event) > _unshared:
        event.settle()
    return said, all_writes


def _count_unshared():
    event = PantherEvent({})
    return sys.getrefcount(event)


# So often an event is referred to that no detection keeps.
_unshared = _count_unshared()


def _judge_one(detection, event):
    main = detection.main
    cells[0] += 1
    number = cells[0]
    try:
        answer = main(event)
        if answer is False and cells[1] != number:
            return None
        _read_main(detection, answer)
        said, wrong = _words(detection, event)
        if detection.spec.get("summaryAttributes"):
            said["summary"] = _summary(detection, event)
        if cells[1] != number:
            return {"match": said, "wrong": wrong}
        return {"failure": ["timeout", ""]}
    except MemoryError:
        return {"failure": ["memory", ""]}
    except FunctionReturnTypeError as error:
        return {"failure": ["wrong-type", str(error)]}
    except BaseException as error:  # noqa: BLE001
        return {"failure": ["timeout", ""] if cells[1] == number else ["threw", _described(error)]}
    finally:
        cells[0] += 1


def judge_resources(text):
    """`[[[detection, …], id, attributes], …]` to a list of `[detection, outcome]` for each."""
    _arm()
    answer = []
    _cache.begin(None, False)
    for numbers, resource_id, attributes in json.loads(text):
        frozen = marshal.dumps(attributes)
        own = json.dumps(attributes)
        outcomes = []
        for number in numbers:
            detection = _detections[number]
            _resources.begin(_host["ask"], {resource_id: own})
            try:
                # Policies may write into what they are given: each has its own.
                outcome, failure = _call(lambda: _judge_resource(detection, marshal.loads(frozen)))
            except KeyboardInterrupt:
                outcome, failure = None, ("timeout", "")
            outcomes.append([number, {"failure": failure} if failure else {**outcome, "asked": _resources.asked()}])
            if _output.used:
                _say_aloud(detection.id)
        answer.append(outcomes)
    return json.dumps(answer)


def _judge_resource(detection, resource):
    passed = detection.main(resource)
    try:
        _read_main(detection, passed)
    except FunctionReturnTypeError as error:
        return {"wrongType": str(error)}
    if passed:
        return {"pass": True}
    said, wrong = _words(detection, resource)
    return {"match": said, "wrong": wrong}


# ---- tests


def run_test(text):
    """One test of a detection. Every function runs, matched or not; what was expected decides what counts."""
    _arm()
    given = json.loads(text)
    detection = next(each for each in _detections if each.id == given["id"])
    # What a test needs besides is no time of the detection's.
    import unittest.mock  # noqa: F401

    restore = _cache.fresh()
    _output.begin()
    begun = time.perf_counter()
    try:
        result, failure = _call(lambda: _test(detection, given))
    except KeyboardInterrupt:
        result, failure = None, ("timeout", "")
    finally:
        restore()
        _cache.begin(None, False)
    if failure is not None:
        result = {"functions": [{"name": detection.main_name, "output": None, "error": failure[1] or failure[0]}], "passed": False}
    result["ms"] = round((time.perf_counter() - begun) * 1_000, 3)
    result["stdout"] = _output.take()
    return json.dumps(result)


def _test(detection, given):
    from unittest.mock import MagicMock, patch

    _cache.begin([], False)
    _resources.begin(None)
    subject = json.loads(given["given"])
    alerts = given["expected"] is not detection.is_policy
    functions = []
    patches = []
    try:
        for mock in given["mocks"]:
            try:
                one = patch.object(detection.module, mock["objectName"], MagicMock(return_value=mock["returnValue"]))
                one.start()
            except AttributeError as error:
                return {"passed": False, "functions": [{"name": "mocks", "output": None, "error": f"{type(error).__name__}: {error}"}]}
            patches.append(one)
        if not detection.is_policy:
            model = None if detection.kind == "scheduled_rule" else _models.get(subject.get("p_log_type") if isinstance(subject, dict) else None)
            subject = PantherEvent(subject, model)
        raw = {}

        def ask(name, read, function):
            # By its name, since a test may stand something in for it too.
            raw[name] = getattr(detection.module, name, function)(subject)
            return read(detection, raw[name])

        answer = _tried(functions, detection.main_name, lambda: ask(detection.main_name, _read_main, detection.main))
        for name, function in detection.words:
            _tried(functions, name, lambda: ask(name, _read[name], function))
    finally:
        for one in reversed(patches):
            one.stop()
    clean = all(each["error"] is None for each in functions)
    passed = answer is given["expected"] and (clean or not alerts) and _sent_as_expected(functions, given["destinations"], raw.get("destinations"))
    if detection.spec.get("createAlert", True):
        _tell_dedup(detection, functions)
    else:
        functions = [each for each in functions if each["error"] is not None or each["name"] in (detection.main_name, "alert_context")]
    return {"passed": passed, "functions": functions}


def _sent_as_expected(functions, expected, names):
    """Whether `destinations` answered with what a test expects, where it expects something; else that is said with the function."""
    if expected is None or (isinstance(names, list) and len(set(names)) == len(names) and sorted(map(str, names)) == sorted(expected)):
        return True
    said = next((each for each in functions if each["name"] == "destinations"), None)
    if said is None:
        functions.append(said := {"name": "destinations", "output": None, "error": None})
    said["error"] = said["error"] or f"expected {json.dumps(expected)}, got {json.dumps(names, default=str)}"
    return False


def _tell_dedup(detection, functions):
    """What an alert is grouped by where `dedup` says nothing: the title, else the id."""
    said = {each["name"]: each for each in functions}
    dedup = said.get("dedup")
    if dedup is None:
        functions.append(dedup := {"name": "dedup", "output": "", "error": None})
    if dedup["output"] == "":
        dedup["output"] = said.get("title", {}).get("output") or f"defaultDedupString:{detection.id}"


def _tried(functions, name, run):
    """What a function answered, kept with its name; what says nothing (`DEFAULT`, no destinations) is not kept."""
    try:
        answer = run()
    except (KeyboardInterrupt, MemoryError):
        raise
    except BaseException as error:  # noqa: BLE001
        functions.append({"name": name, "output": None, "error": _described(error)})
        return None
    if name == "destinations" and answer == []:
        answer = ["SKIP"]
    if answer is not None:
        functions.append({"name": name, "output": answer if isinstance(answer, str) else json.dumps(answer, default=plain), "error": None})
    return answer


def refresh_cache(text):
    """The store's news: entries, and the events that it has dealt with."""
    news = json.loads(text)
    _cache.refresh(news["entries"], news["settled"])
