# The first lines that a model's Python runs: the rest comes over the socket that is its standard input.
import json, os, socket, struct, sys, types
sys.path[:] = [place for place in sys.path if place]    # the folder we stand in is no place for modules
wire = socket.socket(fileno=os.dup(0))
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
def take(size):
    data = bytearray(size)
    view = memoryview(data)
    while size:
        got = wire.recv_into(view[-size:], size)
        if not got:
            sys.exit("weir has gone away")
        size -= got
    return data
job = json.loads(take(struct.unpack("<cQ", take(9))[1]))
for name, text in job.pop("modules"):
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(text, "<%s>" % name, "exec"), module.__dict__)
sys.modules["weir_driver"].run(wire, job)
