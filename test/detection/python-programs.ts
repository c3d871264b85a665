/** Rules as people write them, each with the events that it can match; tokens without their `s:`. */
export const programs: readonly { readonly title: string; readonly code: string; readonly guard: string }[] = [
  {
    title: 'one name',
    code: `
def rule(event):
    return event.get("eventName") == "A"
`,
    guard: 'eventName: a',
  },
  {
    title: 'an alias, a constant and an early return',
    code: `
NAMES = {"A", "B"}

def rule(event):
    name = event.get("eventName", "")
    if name not in NAMES:
        return False
    return event["eventSource"] == "iam.amazonaws.com"
`,
    guard: 'eventName: a b, eventSource: iam.amazonaws.com',
  },
  {
    title: 'any letters of a key, and any letters of a value',
    code: `
def rule(event):
    return event.get("EVENTNAME", "").lower() == "delete"
`,
    guard: 'EVENTNAME: delete',
  },
  {
    title: 'a default that matches lets in what has no such field',
    code: `
def rule(event):
    return event.get("eventName", "A") == "A"
`,
    guard: 'eventName: null a',
  },
  {
    title: 'all of some, any of some, and beginnings',
    code: `
def rule(event):
    return all([
        any(event.get("eventName", "").startswith(word) for word in ("Delete", "Put")),
        event.get("eventType") == "AwsApiCall",
        not event.get("errorCode"),
    ])
`,
    guard: 'errorCode: false null other , eventName: delete* put*, eventType: awsapicall',
  },
  {
    title: 'helpers of its own file and of shared modules',
    code: `
from shared import failed, KIND
import shared

def is_root(event, kind="Root"):
    return event.deep_get("userIdentity", "type", default="") == kind

def rule(event):
    if failed(event):
        return False
    if is_root(event):
        return True
    return (event.get("userIdentity") or {}).get("type") == shared.KIND
`,
    guard:
      'errorCode: false null other , userIdentity.type: root | errorCode: false null other , userIdentity.type: user, userIdentity: ! false null ',
  },
  {
    title: 'a data model that is followed into its functions',
    code: `
def rule(event):
    return event.udm("event_kind") == "login_failed" and event.udm("actor_type") != "Root"
`,
    guard: 'eventName: consolelogin',
  },
  {
    title: 'loops over what is known, and match',
    code: `
def rule(event):
    for name in ["A", "B"]:
        if event.get("eventName") == name:
            return True
    match event.get("eventName"):
        case "C" | "D" if event.get("readOnly") is False:
            return True
        case _:
            return False
`,
    guard: 'eventName: a b | eventName: c d, readOnly: false',
  },
  {
    title: 'a try whose handler ends',
    code: `
def rule(event):
    try:
        name = event["eventName"]
    except KeyError:
        return False
    return name in ("A", "DeleteTrail")
`,
    guard: 'eventName: a deletetrail',
  },
  {
    title: 'a try whose handler matches is any event',
    code: `
def rule(event):
    try:
        return event["eventName"].startswith("A")
    except (KeyError, AttributeError):
        return True
`,
    guard: 'any',
  },
  {
    title: 'a list that changes is not relied on',
    code: `
NAMES = ["A"]
NAMES.append("B")

def rule(event):
    return event.get("eventName") in NAMES
`,
    guard: 'any',
  },
  {
    title: 'nor one that a helper changes by another name',
    code: `
NAMES = ["A"]

def more(names):
    names.append("B")

more(NAMES)

def rule(event):
    return event.get("eventName") in NAMES
`,
    guard: 'any',
  },
  {
    title: 'nor a constant that a function assigns anew',
    code: `
NAME = "A"

def learn(name):
    global NAME
    NAME = name

learn("B")

def rule(event):
    return event.get("eventName") == NAME
`,
    guard: 'any',
  },
  {
    title: 'nor one that another module sets',
    code: `
import changing
import changed

def rule(event):
    return event.get("eventName") == changed.NAME
`,
    guard: 'any',
  },
  {
    title: 'a count before the guard is kept for every event',
    code: `
SEEN = []

def rule(event):
    SEEN.append(1)
    return event.get("eventName") == "A" and len(SEEN) > 3
`,
    guard: 'any',
  },
  {
    title: 'a count behind the guard counts what the guard lets in',
    code: `
SEEN = []

def rule(event):
    if event.get("eventName") != "A":
        return False
    SEEN.append(1)
    return len(SEEN) > 3
`,
    guard: 'eventName: a',
  },
  {
    title: 'nor does a helper of another module keep it from being seen',
    code: `
from shared import remember

SEEN = {}

def rule(event):
    remember(SEEN, event.get("awsRegion"))
    return event.get("eventName") == "A" and len(SEEN) > 3
`,
    guard: 'any',
  },
  {
    title: 'a name bound in passing is forgotten',
    code: `
def rule(event):
    name = "A"
    if (name := event.get("eventName")):
        return name == "B"
    return name == "A"
`,
    guard: 'any',
  },
  {
    title: 'truth and ones are alike, as in Python',
    code: `
def rule(event):
    return event.get("readOnly") == True and event.get("eventName") not in (None, "")
`,
    guard: 'eventName: ! null , readOnly: other true',
  },
  {
    title: 'never is never',
    code: `
def rule(event):
    return False
`,
    guard: '',
  },
  {
    title: 'a file name pattern counts up to its first sign',
    code: `
from fnmatch import fnmatch

def rule(event):
    return any(fnmatch(event.get("eventName", ""), pattern) for pattern in ["Delete*", "C"])
`,
    guard: 'eventName: c delete*',
  },
  {
    title: 'parts of texts, in any letters',
    code: `
TOOLS = ("Kali", "pacu")

def rule(event):
    agent = event.get("userAgent", "").lower()
    return any(tool.lower() in agent for tool in TOOLS) and not event.get("sourceIPAddress", "").endswith(".amazonaws.com")
`,
    guard: 'userAgent: other *kali* *pacu*',
  },
  {
    title: 'a part that a default holds lets in what has no such field, and a text that may be missing does not',
    code: `
def rule(event):
    if "bot" in (event.get("userAgent") or ""):
        return True
    return event.deep_get("userIdentity", "arn", default=":root").endswith((":root", "/admin"))
`,
    guard: 'userAgent: other *bot* | userIdentity.arn: null */admin* *:root*',
  },
  {
    title: 'a key of the event, and of an object in it',
    code: `
def rule(event):
    if "errorCode" in event:
        return False
    return "name" in event.get("additionalEventData", {})
`,
    guard: 'additionalEventData: other *name*, errorCode: null',
  },
  {
    title: 'a part may not be there',
    code: `
def rule(event):
    return "bot" not in event.get("userAgent", "") and event.get("eventName") == "A"
`,
    guard: 'eventName: a',
  },
  {
    title: 'a beginning and a part of one field',
    code: `
def rule(event):
    name = event.get("eventName", "")
    if name in ("A", "DeleteBucket") and "Buck" in name:
        return True
    return name.startswith("Put") and "Object" in name or name.startswith("Put")
`,
    guard: 'eventName: deletebucket put*',
  },
  {
    title: 'regular expressions count by what they must hold',
    code: `
import re

SESSION = re.compile(r"^arn:.*:assumed-role/(?:[a-z]+|[0-9]+)(?:/ADMIN-)+x?", re.IGNORECASE)

def rule(event):
    if not SESSION.search(event.deep_get("userIdentity", "arn") or ""):
        return False
    return re.match(r"(?i)delete|[b]", event.get("eventName")) is not None or True
`,
    guard: 'userIdentity.arn: *:assumed-role/*',
  },
  {
    title: 'one that another way to write it could mean otherwise is any event',
    code: `
import re

WORDS = re.compile("a b", re.VERBOSE)

def rule(event):
    return WORDS.search(event.get("eventName")) is not None
`,
    guard: 'any',
  },
  {
    title: 'one that is asked for other things is any event',
    code: `
import re

def rule(event):
    return len(re.findall("a", event.get("eventName"))) == 0 or re.sub("a", "b", event.get("eventName")) == "b"
`,
    guard: 'any',
  },
  {
    title: 'what cannot be followed is any event',
    code: `
import re

def rule(event):
    return bool(re.match("A|B", event.get("eventName") or ""))
`,
    guard: 'any',
  },
  {
    title: 'as is a rule that may change any name',
    code: `
NAME = "A"
globals()["NAME"] = "B"

def rule(event):
    return event.get("eventName") == NAME
`,
    guard: 'any',
  },
]

export const sharedModules = [
  {
    id: 'shared',
    file: 'shared.py',
    code: `
KIND = "User"

def failed(event):
    return bool(event.get("errorCode"))

def remember(known, name):
    known[name] = True
`,
  },
  { id: 'changed', file: 'changed.py', code: 'NAME = "A"\n' },
  { id: 'changing', file: 'changing.py', code: 'import changed\n\nchanged.NAME = "B"\n' },
]
