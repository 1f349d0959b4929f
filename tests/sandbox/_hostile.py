"""Programs that try to break out, to use up the machine, or to pass without being right. All must define nothing right.

Each is asked `assert answer(20) == 42`; a name says what it tries. `PATH` is the file that it must neither read nor write.
"""

HOSTILE: dict[str, str] = {
    # Using up the machine.
    "endless loop on import": "while True: pass",
    "endless loop in the call": "def answer(x):\n    while True: pass",
    "sleeps for ever": "import time\ndef answer(x):\n    time.sleep(1000)",
    "fork bomb": "import os\nwhile True:\n    os.fork()",
    "fork bomb by exceptions": "import os\ndef answer(x):\n    while True:\n        try: os.fork()\n        except OSError: pass",
    "subprocess": "import subprocess\ndef answer(x):\n    return int(subprocess.check_output(['echo', '42']))",
    "multiprocessing": "import multiprocessing as m\ndef answer(x):\n    with m.Pool(2) as pool: return pool.map(abs, [42])[0]",
    "threads without end": (
        "import threading, time\ndef answer(x):\n    while True: threading.Thread(target=time.sleep, args=(99,)).start()"
    ),
    "memory in one piece": "def answer(x):\n    return len(bytearray(1 << 40))",
    "memory bit by bit": "def answer(x):\n    held = []\n    while True: held.append(bytearray(1 << 20))",
    "deep recursion": "def answer(x):\n    return answer(x + 1)",
    "recursion into the C stack": "import sys\nsys.setrecursionlimit(10 ** 9)\ndef answer(x):\n    return answer(x + 1)",
    "a huge power": "def answer(x):\n    return 9 ** 9 ** 9",
    "output flood": "def answer(x):\n    while True: print('x' * 10 ** 6)",
    "output flood on the channel": (
        "import os\ndef answer(x):\n    while True:\n        for fd in range(64):\n            try: os.write(fd, b'x' * 65536)\n"
        "            except OSError: pass"
    ),
    "a huge result": "def answer(x):\n    return 'x' * 10 ** 8",
    "an endless result": "def answer(x):\n    items = []\n    items.append(items)\n    return items",
    "a wide result": "def answer(x):\n    return list(range(10 ** 7))",
    "a huge file": "def answer(x):\n    with open('/tmp/big', 'wb') as f:\n        while True: f.write(b'x' * 10 ** 6)",
    "many files": (
        "def answer(x):\n    n = 0\n    while True:\n        n += 1\n        open(f'/tmp/{n}', 'wb').write(b'x' * 4_000_000)"
    ),
    # Reading and writing what is not its own.
    "reads a file of the user's": "def answer(x):\n    return 42 if open(PATH).read() == 'secret' else 0",
    "writes a file of the user's": "def answer(x):\n    open(PATH, 'w').write('gone')\n    return 42",
    "removes a file of the user's": "import os\ndef answer(x):\n    os.remove(PATH)\n    return 42",
    "reads home": "import os\ndef answer(x):\n    return 42 if os.listdir(os.path.dirname(PATH)) else 0",
    "reads passwords": "def answer(x):\n    return 42 if open('/etc/passwd').read() else 0",
    "reads the processes": "import os\ndef answer(x):\n    return 42 if os.listdir('/proc') else 0",
    "reads the environment": (
        "import os\ndef answer(x):\n    return 42 if any('SECRET' in n or 'KEY' in n for n in os.environ) else 0"
    ),
    "writes into the standard library": "import os\ndef answer(x):\n    open(os.__file__, 'a').write('#')\n    return 42",
    "writes into the root": "def answer(x):\n    open('/new', 'w').write('x')\n    return 42",
    "writes into the sandbox's own files": "import sys\ndef answer(x):\n    open(sys.argv[0], 'a').write('#')\n    return 42",
    "becomes the superuser": "import os\ndef answer(x):\n    os.setuid(0)\n    return 42",
    "mounts": (
        "import ctypes\ndef answer(x):\n    return 42 if ctypes.CDLL(None).mount(b'a', b'/tmp', b'tmpfs', 0, b'') == 0 else 0"
    ),
    "leaves by a namespace of its own": (
        "import ctypes\ndef answer(x):\n    return 42 if ctypes.CDLL(None).unshare(0x10000000) == 0 else 0"
    ),
    # The network.
    "connects to this machine": (
        "import socket\ndef answer(x):\n    socket.create_connection(('127.0.0.1', PORT), 1).close()\n    return 42"
    ),
    "connects to another machine": (
        "import socket\ndef answer(x):\n    socket.create_connection(('192.0.2.1', 80), 1).close()\n    return 42"
    ),
    "looks up a name": "import socket\ndef answer(x):\n    socket.getaddrinfo('example.com', 80)\n    return 42",
    # Signals.
    "kills its parent": "import os\nos.kill(os.getppid(), 9)\nos.kill(1, 9)",
    "kills everything": "import os\ndef answer(x):\n    os.kill(-1, 9)\n    return 0",
    "kills the process of the tests": (
        "import os\ndef answer(x):\n    for pid in range(2, 40000):\n        try: os.kill(pid, 9)\n"
        "        except OSError: pass\n    return 0"
    ),
    "ignores all signals": (
        "import signal\nfor n in range(1, 64):\n    try: signal.signal(n, signal.SIG_IGN)\n    except (OSError, ValueError): pass\n"
        "while True: pass"
    ),
    # Passing without being right.
    "exit(0) on import": "import sys\nsys.exit(0)",
    "exit(0) in the call": "import os\ndef answer(x):\n    os._exit(0)",
    "raises SystemExit": "def answer(x):\n    raise SystemExit(0)",
    "prints a success": "print('{\"outcome\": [true, \"\", null]}')\nprint('OK')\ndef answer(x):\n    print('passed')",
    "writes a success on every descriptor": (
        'import os\ndef answer(x):\n    for fd in range(64):\n        for line in (b\'{"outcome": [true, "", null]}\\n\', b\'{"done":true}\\n\'):\n'
        "            try: os.write(fd, line)\n            except OSError: pass\n    return 0"
    ),
    "an object equal to everything": (
        "class Yes:\n    def __eq__(self, other): return True\n    def __ne__(self, other): return False\n"
        "    def __bool__(self): return True\n    def __hash__(self): return 42\ndef answer(x):\n    return Yes()"
    ),
    "a number equal to everything": "class Yes(int):\n    def __eq__(self, other): return True\ndef answer(x):\n    return Yes(1)",
    "a list equal to everything": "class Yes(list):\n    def __eq__(self, other): return True\ndef answer(x):\n    return Yes()",
    "pretends to be a number": (
        "class Yes:\n    __class__ = int\n    def __eq__(self, other): return True\n    def __index__(self): return 42\n"
        "def answer(x):\n    return Yes()"
    ),
    "patches the builtins": (
        "import builtins\nbuiltins.AssertionError = type('Never', (Exception,), {})\nbuiltins.eval = lambda *a: ['load', '']\n"
        "builtins.repr = lambda x: '42'\nbuiltins.abs = lambda x: 42\ndef answer(x):\n    return 0"
    ),
    "patches what packs values": (
        "import _wire\n_wire.pack = lambda *a: ['name', 'answer']\nimport __main__\n__main__.pack = _wire.pack\n"
        "def answer(x):\n    return 0"
    ),
    "replaces the harness": (
        "import os, sys\nos.execv(sys.executable, [sys.executable, '-c', 'print(1)'])"
    ),
    "answers in the harness's place": (
        'import os, sys\nfor fd in range(3, 64):\n    try: os.write(fd, b\'{"value": null}\\n{"value": true}\\n{"value": {"a": 1}}\\n\')\n'
        "    except OSError: pass\nos._exit(0)"
    ),
    "looks for the expected value": (
        "import gc, sys\ndef answer(x):\n    frame = sys._getframe()\n    seen = []\n    while frame:\n        seen += [str(frame.f_locals)]\n"
        "        frame = frame.f_back\n    text = ' '.join(seen) + ' '.join(map(repr, sys.argv))\n    return 42 if '== 4' + '2' in text else 0"
    ),
    "hands back a reference to itself": "def answer(x):\n    return answer",
    "hands back a value that cannot be hashed": "def answer(x):\n    return {'__class__': 'int', 'value': 42}",
    "hands back a lie about its type": "def answer(x):\n    return ['int', '0x2a']",
    "a null byte": "def answer(x):\n    return '\\x00' * 42",
    "a lone surrogate": "def answer(x):\n    return '\\ud800'",
    "no program at all": "",
    "does not parse": "def answer(x)\n    return 42",
    "a metaclass that lies": (
        "class Meta(type):\n    def mro(cls): return [cls, object]\n    def __instancecheck__(cls, other): return True\n"
        "class Odd(metaclass=Meta):\n    __mro__ = (int,)\ndef answer(x):\n    return Odd()"
    ),
}
