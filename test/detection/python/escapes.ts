/** Ways out that a detection might try: bodies of a function that gives back what it got. `FILE`, `PORT`, `MARK` and `HOST` are known to them. */
export const escapes: Readonly<Record<string, string>> = {
  // Files.
  open: 'return open(FILE).read()',
  bytes: 'return open(FILE, "rb").read()',
  pathlib: 'import pathlib; return pathlib.Path(FILE).read_text()',
  descriptors: 'import os; return os.read(os.open(FILE, os.O_RDONLY), 999)',
  fileio: 'import io; return io.FileIO(FILE).readall()',
  codecs: 'import codecs; return codecs.open(FILE).read()',
  linecache: 'import linecache; return "".join(linecache.getlines(FILE))',
  listing: 'import os; return os.listdir(os.path.dirname(FILE))',
  glob: 'import glob; return glob.glob(os_dir() + "/*")',
  copy: 'import shutil; shutil.copy(FILE, "/tmp/copy"); return open("/tmp/copy").read()',
  link: 'import os; os.symlink(FILE, "/tmp/link"); return open("/tmp/link").read()',
  loader: 'import importlib.machinery as m; return m.SourceFileLoader("x", FILE).get_data(FILE)',
  mmap: 'import mmap, os; return mmap.mmap(os.open(FILE, os.O_RDONLY), 0).read()',
  proc: 'return open("/proc/self/environ").read() + open("/proc/1/environ").read()',
  inherited:
    'import os\nfound = b""\nfor number in range(3, 30):\n    try: found += os.read(number, 999)\n    except OSError: pass\nreturn found',
  mounts: 'import os; os.mkdir("/mnt/x"); return open("/mnt/x" + FILE).read()',
  fileinput: 'import fileinput; return "".join(fileinput.input(FILE))',
  tokenize: 'import tokenize; return tokenize.open(FILE).read()',
  runpy: 'import runpy; return runpy.run_path(FILE)',
  zip: 'import zipimport; return zipimport.zipimporter(FILE).archive',
  write: 'open(MARK, "w").write("x"); return "wrote" if HOST else ""',
  // Environment.
  environ: 'import os; return dict(os.environ)',
  getenv: 'import os; return os.getenv("TRIPLINE_CANARY")',
  posixenviron: 'import posix; return posix.environ',
  sysconfig: 'import sysconfig; return sysconfig.get_config_vars()',
  // Processes.
  system: 'import os; os.system(f"touch {MARK}")',
  popen: 'import os; return os.popen(f"cat {FILE}").read()',
  subprocess: 'import subprocess; return subprocess.check_output(["cat", FILE])',
  posix: 'import posix; posix.system(f"touch {MARK}")',
  newposix: 'import sys; del sys.modules["posix"]; import posix; posix.system(f"touch {MARK}")',
  newos: 'import sys; del sys.modules["os"]; del sys.modules["posix"]; import os; return os.popen(f"cat {FILE}").read()',
  builtinposix:
    'import _imp, importlib.machinery as m; p = _imp.create_builtin(m.ModuleSpec("posix", None)); p.system(f"touch {MARK}")',
  exec: 'import os; os.execv("/bin/cat", ["cat", FILE])',
  fork: 'import os; os.fork()',
  spawn: 'import os; os.posix_spawn("/bin/cat", ["cat", FILE], {})',
  multiprocessing: 'import multiprocessing; multiprocessing.Process(target=print).start()',
  kill: 'import os; os.kill(os.getppid(), 9)',
  pty: 'import pty; pty.spawn("/bin/sh")',
  ctypes: 'import ctypes; ctypes.CDLL(None).system(f"touch {MARK}".encode())',
  newctypes:
    'import sys\nfor name in ("ctypes", "_ctypes"): sys.modules.pop(name)\nimport ctypes; ctypes.CDLL(None).system(f"touch {MARK}".encode())',
  pickle:
    'import pickle, os\nclass Run:\n    def __reduce__(self): return (os.system, (f"touch {MARK}",))\npickle.loads(pickle.dumps(Run()))',
  // Sockets.
  connect: 'import socket; return socket.create_connection(("127.0.0.1", PORT), 0.1)',
  socket: 'import socket; s = socket.socket(); s.settimeout(0.1); s.connect(("127.0.0.1", PORT)); return s.recv(9)',
  urllib: 'import urllib.request; return urllib.request.urlopen(f"http://127.0.0.1:{PORT}", timeout=0.1).read()',
  http: 'import http.client; c = http.client.HTTPConnection("127.0.0.1", PORT, timeout=0.1); c.request("GET", "/"); return c.getresponse().read()',
  asyncio: 'import asyncio; return asyncio.run(asyncio.open_connection("127.0.0.1", PORT))',
  loop: 'import asyncio; return asyncio.new_event_loop().run_until_complete(asyncio.open_connection("127.0.0.1", PORT))',
  udp: 'import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", PORT))',
  mail: 'import smtplib; smtplib.SMTP("127.0.0.1", PORT, timeout=0.1)',
  requests: 'import requests; return requests.get(f"http://127.0.0.1:{PORT}")',
  boto: 'import boto3; return boto3.client("s3").list_buckets()',
  // JavaScript.
  js: 'import js; return js.process.env.TRIPLINE_CANARY',
  pyodidejs: 'import pyodide_js; return pyodide_js.FS.readFile(FILE)',
  mountfs: 'import pyodide_js as p; p.FS.mount(p.FS.filesystems.NODEFS, {"root": "/"}, "/mnt"); return open("/mnt" + FILE).read()',
  runjs: 'from pyodide.code import run_js; return run_js("process.env.TRIPLINE_CANARY")',
  core: 'import _pyodide_core; return dir(_pyodide_core)',
  newjs: 'import sys\nfor name in ("js", "pyodide_js"): sys.modules.pop(name)\nimport js; return js.process.env.TRIPLINE_CANARY',
  newpyodide:
    'import sys\nfor name in list(sys.modules):\n    if sys.modules[name] is None: del sys.modules[name]\nfrom pyodide.code import run_js; return run_js("process.env.TRIPLINE_CANARY")',
  newcore:
    'import sys; sys.modules.pop("_pyodide_core"); import _pyodide_core as c; return c.raw_call("process.env.TRIPLINE_CANARY")',
  finders: 'import sys; return [f.jsproxies["js"].process.env for f in sys.meta_path if hasattr(f, "jsproxies")]',
  function: 'import tripline_host as t; return t._host["ask"].constructor("return process.env.TRIPLINE_CANARY")()',
  constructors:
    'import tripline_host as t; return t._host["ask"].constructor.constructor("return globalThis.process")().env.TRIPLINE_CANARY',
  prototypes:
    'import tripline_host as t; return getattr(t._host["ask"], "__proto__").constructor("return require")()("fs").readFileSync(FILE, "utf8")',
  proxies:
    'import gc\nfor each in gc.get_objects():\n    if type(each).__name__ == "JsProxy":\n        try: return each.constructor.constructor("return process.env")().TRIPLINE_CANARY\n        except Exception: pass',
  collected:
    'import gc\nfor each in gc.get_objects():\n    fs = getattr(each, "FS", None) if type(each).__name__ == "JsProxy" else None\n    if fs is not None:\n        fs.mkdir("/m"); fs.mount(fs.filesystems.NODEFS, {"root": "/"}, "/m"); return open("/m" + FILE).read()',
  worker:
    'import gc\nfor each in gc.get_objects():\n    if type(each).__name__ == "JsProxy" and hasattr(each, "Worker"): return each.Worker.new(FILE)',
  fetch: 'from pyodide.http import open_url; return open_url(f"http://127.0.0.1:{PORT}").read()',
  frames:
    'import sys; f = sys._getframe()\nwhile f.f_back: f = f.f_back\nreturn f.f_globals["_host"]["ask"].constructor("return process")().env',
  asked: 'import tripline_host as t; return t._host["ask"](FILE)',
  // Databases, and Python's own tricks.
  sqlite: 'import sqlite3; c = sqlite3.connect(MARK); c.execute("create table t(a)"); c.commit(); import os; return ""',
  dbm: 'import dbm; dbm.open(MARK, "c").close()',
  eval: 'return eval("open(FILE).read()", {"FILE": FILE})',
  compiled: 'return exec(compile("open(FILE).read()", "x", "exec"), {"FILE": FILE})',
  subclasses:
    'return [c for c in ().__class__.__base__.__subclasses__() if c.__name__ == "_wrap_close"][0].__init__.__globals__["system"](f"touch {MARK}")',
  subclassfile:
    'return [c for c in object.__subclasses__() if c.__name__ == "_IOBase"][0].__subclasses__()[0].__subclasses__()[0](FILE).read()',
  ssl: 'import ssl; return ssl.get_server_certificate(("127.0.0.1", PORT))',
}

/** Code that would not end or would take all there is: bodies of `rule`, each with how it ends. */
export const bombs: Readonly<Record<string, { readonly code: string; readonly ends: readonly string[] }>> = {
  loop: { code: 'while True: pass', ends: ['timeout'] },
  regex: { code: 'import re; return bool(re.match(r"(a+)+$", "a" * 40 + "b"))', ends: ['timeout'] },
  lines: { code: 'for n in range(1_000_000): print("line", n)', ends: ['timeout', 'wrong-type'] },
  recursion: { code: 'def again(): return again()\n    return again()', ends: ['threw'] },
  threads: { code: 'import threading\n    while True: threading.Thread(target=print).start()', ends: ['threw', 'timeout'] },
  leaving: { code: 'import sys; sys.exit(3)', ends: ['threw'] },
  sleeps: { code: 'import time; time.sleep(60)', ends: ['timeout'] },
  generators: { code: 'return any(False for _ in iter(int, 1))', ends: ['timeout'] },
  number: { code: 'return len(str(10 ** 10 ** 8)) > 0', ends: ['timeout', 'threw'] },
  memory: { code: 'x = []\n    while True: x.append(bytearray(8_000_000))', ends: ['memory'] },
}

/** Those that only a kill ends. */
export const stubborn: typeof bombs = {
  counting: { code: 'import itertools; return sum(itertools.count()) > 0', ends: ['timeout'] },
  deep: { code: 'import json; return json.loads("[" * 100_000)', ends: ['threw', 'crashed'] },
  swallow: {
    code: 'while True:\n        try:\n            while True: pass\n        except BaseException: pass',
    ends: ['timeout'],
  },
  limit: {
    code: 'import sys; sys.setrecursionlimit(10 ** 9)\n    def again(n): return again(n + 1)\n    return again(0)',
    ends: ['threw', 'crashed', 'memory', 'timeout'],
  },
}
