# Arrow in plain Python: the IPC stream format on one side, the C data interface and Python lists on the other.
#
#   bytes of a stream --read_schema(), read_batch()--> Schema, Batch --Exported--> __arrow_c_stream__ (DuckDB, ...)
#                                                                    --columns_of()--> Python lists
#   __arrow_c_stream__ --imported()--> messages          Python lists --listed()--> messages
#
# Sources: "Arrow Columnar Format" (IPC), "The Arrow C data interface", "FlatBuffers internals". Buffers are passed on as
# they lie: no value is looked at on the way to or from DuckDB. Little-endian machines only, as weir.
import ctypes
import datetime
import decimal
import itertools
import struct
import sys

SLICE_ROWS = 1 << 16
JSON_NAME, UUID_NAME = "arrow.json", "arrow.uuid"
EXTENSION = "ARROW:extension:name"
EPOCH = datetime.datetime(1970, 1, 1)
DAY_ZERO = datetime.date(1970, 1, 1)
MICROSECOND = datetime.timedelta(microseconds=1)
DIGITS = decimal.Context(prec=40)

WIDTHS = {"c": 1, "C": 1, "s": 2, "S": 2, "i": 4, "I": 4, "l": 8, "L": 8, "f": 4, "g": 8, "tdD": 4, "ttu": 8,
          "tin": 16, "w:16": 16}
CODES = {"c": "b", "C": "B", "s": "h", "S": "H", "i": "i", "I": "I", "l": "q", "L": "Q", "f": "f", "g": "d",
         "tdD": "i", "ttu": "q"}
INTS = {(8, 1): "c", (8, 0): "C", (16, 1): "s", (16, 0): "S", (32, 1): "i", (32, 0): "I", (64, 1): "l", (64, 0): "L"}


def width_of(code):
    """Bytes a value; 0: it has offsets, bits or nothing of its own."""
    if code.startswith("d:"):
        return 16
    return 8 if code.startswith("tsu:") else WIDTHS.get(code, 0)


class Field:
    """A column: name, the C data interface's format, whether NULLs are allowed, an extension's name, members."""

    def __init__(self, name, code, nullable=True, extension="", children=()):
        self.name, self.code, self.nullable, self.extension, self.children = name, code, nullable, extension, list(children)


class Array:
    """length, number of NULLs, buffers (memoryviews or None), members."""

    def __init__(self, length, nulls, buffers, children=()):
        self.length, self.nulls, self.buffers, self.children = length, nulls, buffers, list(children)


# --- FlatBuffers, reading -------------------------------------------------------------------------

def _u16(data, at):
    return struct.unpack_from("<H", data, at)[0]


def _i32(data, at):
    return struct.unpack_from("<i", data, at)[0]


def _i64(data, at):
    return struct.unpack_from("<q", data, at)[0]


def _slot(data, table, number):
    """Where a field of a table stands; 0: it has its default."""
    layout = table - _i32(data, table)
    if _u16(data, layout) <= 4 + 2 * number:
        return 0
    distance = _u16(data, layout + 4 + 2 * number)
    return table + distance if distance else 0


def _number(data, table, number, code, otherwise=0):
    at = _slot(data, table, number)
    return struct.unpack_from("<" + code, data, at)[0] if at else otherwise


def _follow(data, table, number):
    at = _slot(data, table, number)
    return at + _i32(data, at) if at else 0


def _text(data, table, number):
    at = _follow(data, table, number)
    return bytes(data[at + 4:at + 4 + _i32(data, at)]).decode() if at else ""


def _tables(data, table, number):
    at = _follow(data, table, number)
    places = range(at + 4, at + 4 + 4 * _i32(data, at), 4) if at else ()
    return [place + _i32(data, place) for place in places]


# --- IPC, reading ---------------------------------------------------------------------------------

def _code(data, kind, table):
    if kind == 2:
        return INTS[_number(data, table, 0, "i"), _number(data, table, 1, "B")]
    if kind == 3:
        return "f" if _number(data, table, 0, "h") == 1 else "g"
    if kind == 7:
        return "d:%d,%d" % (_number(data, table, 0, "i"), _number(data, table, 1, "i"))
    if kind == 10:
        return "tsu:" + _text(data, table, 1)
    return {1: "n", 4: "z", 5: "u", 6: "b", 8: "tdD", 9: "ttu", 11: "tin", 12: "+l", 13: "+s", 15: "w:16"}[kind]


def _field(data, table):
    extensions = [_text(data, pair, 1) for pair in _tables(data, table, 6) if _text(data, pair, 0) == EXTENSION]
    code = _code(data, _number(data, table, 2, "B"), _follow(data, table, 3))
    return Field(_text(data, table, 0), code, bool(_number(data, table, 1, "B")), "".join(extensions),
                 [_field(data, child) for child in _tables(data, table, 5)])


def _message(take):
    """(header's bytes, the message's table) by a function that gives the next bytes; None at the end."""
    continuation, size = struct.unpack("<ii", take(8))
    if continuation != -1:
        raise ValueError("no Arrow stream")
    if not size:
        return None, 0
    data = take(size)
    return data, _i32(data, 0)


def read_schema(take):
    data, table = _message(take)
    return [_field(data, field) for field in _tables(data, _follow(data, table, 2), 1)]


def _array(fields, nodes, buffers):
    """The next array: `nodes` and `buffers` are iterators over what is left."""
    field = fields
    length, nulls = next(nodes)
    count = {"n": 0, "+s": 1, "u": 3, "z": 3}.get(field.code, 2)
    taken = [next(buffers) for _ in range(count)]
    return Array(length, nulls, taken, [_array(child, nodes, buffers) for child in field.children])


def read_batch(fields, take):
    """(rows, arrays), or None at the end."""
    data, table = _message(take)
    if data is None:
        return None
    body = memoryview(take(_number(data, table, 3, "q")))
    header = _follow(data, table, 2)
    pairs = []
    for number in (1, 2):
        at = _follow(data, header, number)
        pairs.append([struct.unpack_from("<qq", data, at + 4 + 16 * i) for i in range(_i32(data, at))])
    buffers = iter([body[begin:begin + size] for begin, size in pairs[1]])
    nodes = iter(pairs[0])
    return _number(data, header, 0, "q"), [_array(field, nodes, buffers) for field in fields]


# --- FlatBuffers, writing: from the end; a position is the distance from it -----------------------

class Flat:
    def __init__(self):
        self.chunks, self.size = [], 0

    def put(self, data, width=1, more=0):
        """Bytes, so that they begin on a multiple of `width` once `more` bytes are put before them."""
        pad = -(self.size + len(data) + more) % width
        if pad:
            self.chunks.append(bytes(pad))
        self.chunks.append(bytes(data))
        self.size += pad + len(data)
        return self.size

    def pack(self, code, *numbers):
        return self.put(struct.pack("<" + code, *numbers), struct.calcsize("<" + code[0]))

    def offset(self, position):
        self.put(b"", 4)
        return self.pack("I", self.size + 4 - position)

    def text(self, text):
        data = text.encode() + b"\0"
        self.put(data, 4)
        return self.pack("I", len(data) - 1)

    def offsets(self, positions):
        for position in reversed(positions):
            self.offset(position)
        return self.pack("I", len(positions))

    def pairs(self, pairs):
        self.put(b"".join(struct.pack("<qq", *pair) for pair in pairs), 8)
        return self.pack("I", len(pairs))

    def table(self, fields):
        """fields: (number, code, value); code "o": the position of what it points to. Wide ones first."""
        begin, places = self.size, {}
        for number, code, value in fields:
            places[number] = self.offset(value) if code == "o" else self.pack(code, value)
        count = max(places, default=-1) + 1
        layout_size = 4 + 2 * count
        table = self.pack("i", layout_size)
        layout = [layout_size, table - begin] + [table - places[i] if i in places else 0 for i in range(count)]
        self.pack("H" * len(layout), *layout)
        return table

    def finish(self, root):
        self.put(b"", 8, 4)
        self.offset(root)
        return b"".join(reversed(self.chunks))


# --- IPC, writing ---------------------------------------------------------------------------------

def _type_fields(flat, code):
    """(the type's number, the fields of its table)"""
    ints = {letter: key for key, letter in INTS.items()}
    if code in ints:
        return 2, [(0, "i", ints[code][0]), (1, "B", ints[code][1])]
    if code in ("f", "g"):
        return 3, [(0, "h", 1 if code == "f" else 2)]
    if code.startswith("d:"):
        precision, scale = code[2:].split(",")[:2]
        return 7, [(0, "i", int(precision)), (1, "i", int(scale)), (2, "i", 128)]
    if code.startswith("tsu:"):
        zone = [(1, "o", flat.text(code[4:]))] if code[4:] else []
        return 10, zone + [(0, "h", 2)]
    return {"n": (1, []), "z": (4, []), "u": (5, []), "b": (6, []), "tdD": (8, [(0, "h", 0)]),
            "ttu": (9, [(1, "i", 64), (0, "h", 2)]), "tin": (11, [(0, "h", 2)]), "+l": (12, []), "+s": (13, []),
            "w:16": (15, [(0, "i", 16)])}[code]


def _field_table(flat, field):
    children = [_field_table(flat, child) for child in field.children]
    fields = []
    if field.extension:
        pairs = []
        for key, value in ((EXTENSION, field.extension), ("ARROW:extension:metadata", "")):
            texts = [flat.text(value), flat.text(key)]
            pairs.append(flat.table([(1, "o", texts[0]), (0, "o", texts[1])]))
        fields.append((6, "o", flat.offsets(pairs)))
    fields.append((5, "o", flat.offsets(children)))
    kind, type_fields = _type_fields(flat, field.code)
    fields += [(3, "o", flat.table(type_fields)), (0, "o", flat.text(field.name)), (2, "B", kind),
               (1, "B", field.nullable)]
    return flat.table(fields)


def _message_bytes(flat, kind, header, size):
    data = flat.finish(flat.table([(3, "q", size), (2, "o", header), (0, "h", 4), (1, "B", kind)]))
    return struct.pack("<ii", -1, len(data)) + data


def schema_message(fields):
    flat = Flat()
    columns = flat.offsets([_field_table(flat, field) for field in fields])
    return _message_bytes(flat, 1, flat.table([(1, "o", columns)]), 0)


def batch_messages(rows, arrays):
    """The message of a batch, as pieces to be sent one after the other."""
    nodes, buffers = [], []

    def add(array):
        nodes.append((array.length, array.nulls))
        buffers.extend(array.buffers)
        for child in array.children:
            add(child)

    for array in arrays:
        add(array)
    places, size = [], 0
    for buffer in buffers:
        length = len(buffer) if buffer is not None else 0
        places.append((size, length))
        size += length + -length % 8
    flat = Flat()
    places = flat.pairs(places)
    nodes = flat.pairs(nodes)
    yield _message_bytes(flat, 3, flat.table([(0, "q", rows), (2, "o", places), (1, "o", nodes)]), size)
    for buffer in buffers:
        if buffer is not None and len(buffer):
            yield buffer
            if len(buffer) % 8:
                yield bytes(-len(buffer) % 8)


END = struct.pack("<ii", -1, 0)


# --- the C data interface -------------------------------------------------------------------------

class CSchema(ctypes.Structure):
    pass


class CArray(ctypes.Structure):
    pass


class CStream(ctypes.Structure):
    pass


RELEASE = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
GET = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
LAST_ERROR = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)

CSchema._fields_ = [
    ("format", ctypes.c_char_p), ("name", ctypes.c_char_p), ("metadata", ctypes.c_void_p), ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64), ("children", ctypes.POINTER(ctypes.POINTER(CSchema))),
    ("dictionary", ctypes.c_void_p), ("release", ctypes.c_void_p), ("private_data", ctypes.c_void_p)]
CArray._fields_ = [
    ("length", ctypes.c_int64), ("null_count", ctypes.c_int64), ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64), ("n_children", ctypes.c_int64), ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(CArray))), ("dictionary", ctypes.c_void_p),
    ("release", ctypes.c_void_p), ("private_data", ctypes.c_void_p)]
CStream._fields_ = [
    ("get_schema", ctypes.c_void_p), ("get_next", ctypes.c_void_p), ("get_last_error", ctypes.c_void_p),
    ("release", ctypes.c_void_p), ("private_data", ctypes.c_void_p)]

_python = ctypes.pythonapi
_python.PyCapsule_New.restype = ctypes.py_object
_python.PyCapsule_New.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
_get_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)(("PyCapsule_GetPointer", _python))
_kept = {}                      # what C code holds on to: number (private_data) -> objects
_numbers = itertools.count(1)


def _keep(*objects):
    number = next(_numbers)
    _kept[number] = objects
    return number


def _address(function):
    return ctypes.cast(function, ctypes.c_void_p).value


def _release_tree(kind):
    """A release function for schemas or arrays: members first."""
    def release(address):
        item = kind.from_address(address)
        for i in range(item.n_children):
            child = item.children[i]
            if child.contents.release:
                RELEASE(child.contents.release)(ctypes.addressof(child.contents))
        _kept.pop(item.private_data, None)
        item.release = None
    return RELEASE(release)


_release_schema = _release_tree(CSchema)
_release_array = _release_tree(CArray)


def _children(kind, items, fill):
    """An array of pointers to structs that fill(item, struct) has filled."""
    structs = [kind() for _ in items]
    for item, filled in zip(items, structs):
        fill(item, filled)
    pointers = (ctypes.POINTER(kind) * max(len(structs), 1))(*[ctypes.pointer(filled) for filled in structs])
    return structs, pointers


def _fill_schema(field, out):
    metadata = None
    if field.extension:
        texts = [EXTENSION, field.extension, "ARROW:extension:metadata", ""]
        metadata = struct.pack("<i", 2) + b"".join(struct.pack("<i", len(text)) + text.encode() for text in texts)
    code, name = field.code.encode(), field.name.encode()
    structs, pointers = _children(CSchema, field.children, _fill_schema)
    held = ctypes.create_string_buffer(metadata, len(metadata)) if metadata else None
    ctypes.memset(ctypes.addressof(out), 0, ctypes.sizeof(out))
    out.format, out.name, out.flags = code, name, 2 if field.nullable else 0
    out.metadata = ctypes.addressof(held) if held else None
    out.n_children, out.children = len(structs), pointers
    out.release = _address(_release_schema)
    out.private_data = _keep(code, name, held, structs, pointers)


def _fill_array(array, out):
    pointers = (ctypes.c_void_p * max(len(array.buffers), 1))()
    held = []
    for i, buffer in enumerate(array.buffers):
        if buffer is not None and (len(buffer) or i):
            view = (ctypes.c_char * max(len(buffer), 8))() if not len(buffer) else (
                (ctypes.c_char * len(buffer)).from_buffer(buffer))
            held.append(view)
            pointers[i] = ctypes.addressof(view)
    structs, children = _children(CArray, array.children, _fill_array)
    ctypes.memset(ctypes.addressof(out), 0, ctypes.sizeof(out))
    out.length, out.null_count, out.n_buffers, out.buffers = array.length, array.nulls, len(array.buffers), pointers
    out.n_children, out.children = len(structs), children
    out.release = _address(_release_array)
    out.private_data = _keep(array, held, pointers, structs, children)


class _Stream:
    """State of an exported stream."""

    def __init__(self, fields, open_batches):
        self.fields, self.open, self.batches, self.error = fields, open_batches, None, None


def _state(address):
    return _kept[CStream.from_address(address).private_data][0]


def _guarded(work):
    def call(address, out):
        state = _state(address)
        try:
            work(state, out)
            return 0
        except BaseException as error:      # C code must not see it
            state.error = ctypes.create_string_buffer(str(error).encode())
            return 5
    return GET(call)


@_guarded
def _get_schema(state, out):
    _fill_schema(Field("", "+s", False, children=state.fields), CSchema.from_address(out))


@_guarded
def _get_next(state, out):
    if state.batches is None:
        state.batches = state.open()
    batch = next(state.batches, None)
    struct_out = CArray.from_address(out)
    if batch is None:
        ctypes.memset(out, 0, ctypes.sizeof(CArray))
    else:
        _fill_array(Array(batch[0], 0, [None], batch[1]), struct_out)


@LAST_ERROR
def _get_last_error(address):
    error = _state(address).error
    return ctypes.addressof(error) if error else None


@RELEASE
def _release_stream(address):
    stream = CStream.from_address(address)
    state = _kept.pop(stream.private_data)[0]
    if state.batches is not None:
        state.batches.close()
    stream.release = None


@RELEASE
def _drop_capsule(capsule):
    address = _get_pointer(capsule, b"arrow_array_stream")
    if CStream.from_address(address).release:
        _release_stream(address)
    _capsules.pop(address, None)


_capsules = {}


def export(fields, open_batches):
    """A capsule of a stream: open_batches() gives a generator of (rows, arrays), and is called at the first batch."""
    stream = CStream(_address(_get_schema), _address(_get_next), _address(_get_last_error), _address(_release_stream),
                     _keep(_Stream(fields, open_batches)))
    address = ctypes.addressof(stream)
    _capsules[address] = stream
    return _python.PyCapsule_New(address, b"arrow_array_stream", _address(_drop_capsule))


# --- streams of others ----------------------------------------------------------------------------

def _metadata(address):
    found = {}
    if address:
        pairs = _i32(ctypes.string_at(address, 4), 0)
        address += 4
        for _ in range(pairs):
            texts = []
            for _ in range(2):
                size = _i32(ctypes.string_at(address, 4), 0)
                texts.append(ctypes.string_at(address + 4, size).decode())
                address += 4 + size
            found[texts[0]] = texts[1]
    return found


def _import_field(schema):
    code = schema.format.decode()
    extension = _metadata(schema.metadata).get(EXTENSION, "")
    known = code in ("n", "b", "u", "z", "U", "Z", "+l", "+s") or (width_of(code) and not schema.dictionary)
    if not known or schema.dictionary or (code == "w:16" and extension != UUID_NAME):
        raise TypeError("column %r has Arrow's format %r%s: not carried" % (
            (schema.name or b"").decode(), code, " with a dictionary" if schema.dictionary else ""))
    children = [_import_field(schema.children[i].contents) for i in range(schema.n_children)]
    return Field((schema.name or b"").decode(), {"U": "u", "Z": "z"}.get(code, code), bool(schema.flags & 2),
                 extension if extension in (JSON_NAME, UUID_NAME) else "", children), code


def _plain(field):
    """Fields without the formats that are widened here."""
    wide, code = field
    wide.children = [_plain(child) for child in wide.children]
    wide.source_code = code
    return wide


def _view(address, begin, size):
    if not size:
        return memoryview(b"")
    return memoryview((ctypes.c_char * size).from_address(address + begin)).cast("B")


def _bits(address, begin, count):
    """`count` bits from bit `begin` on, as bytes that begin with the first."""
    first, shift = begin // 8, begin % 8
    data = _view(address, first, (shift + count + 7) // 8)
    if not shift:
        return data
    whole = int.from_bytes(data, "little") >> shift
    return memoryview(whole.to_bytes((count + 7) // 8 + 1, "little"))[:(count + 7) // 8]


def _zeros(bits, count):
    ones = bin(int.from_bytes(bits, "little") & ((1 << count) - 1)).count("1")
    return count - ones


def _rebased(address, begin, count, code):
    """(offsets of `count` values as 32 bits from 0 on, first and last offset)"""
    width = struct.calcsize(code)
    offsets = _view(address, begin * width, (count + 1) * width).cast(code)
    first, last = offsets[0], offsets[count]
    if first == 0 and code == "i":
        return offsets.cast("B"), first, last
    if last - first >= 1 << 31:
        raise ValueError("texts of more than 2 GB in one slice")
    numpy = _numpy()
    if numpy is not None:
        rebased = (numpy.frombuffer(offsets, code) - first).astype("i4").tobytes()
    else:
        rebased = struct.pack("<%di" % (count + 1), *[offset - first for offset in offsets])
    return memoryview(rebased), first, last


def _numpy():
    return sys.modules.get("numpy")         # not worth loading for this alone


def _import_array(field, array, begin, count):
    """Rows [begin, begin + count) of a C array, counted from its offset; views into its buffers."""
    begin_here = array.offset + begin
    code = field.source_code
    if code == "n":
        return Array(count, count, [])
    validity, nulls = None, 0
    if array.null_count != 0 and array.buffers[0]:
        validity = _bits(array.buffers[0], begin_here, count)
        nulls = _zeros(validity, count)
    buffers = [validity if nulls else None]
    children = []
    if code in ("u", "z", "U", "Z", "+l"):
        letter = "q" if code in ("U", "Z") else "i"
        if count and array.buffers[1]:
            offsets, first, last = _rebased(array.buffers[1], begin_here, count, letter)
        else:
            offsets, first, last = memoryview(bytes(4)), 0, 0
        buffers.append(offsets)
        if code == "+l":
            children.append(_import_array(field.children[0], array.children[0].contents, first, last - first))
        else:
            buffers.append(_view(array.buffers[2], first, last - first) if last > first else None)
    elif code == "b":
        buffers.append(_bits(array.buffers[1], begin_here, count) if count else None)
    elif code != "+s":
        width = width_of(code)
        buffers.append(_view(array.buffers[1], begin_here * width, count * width) if count else None)
    if code == "+s":
        children = [_import_array(child, array.children[i].contents, begin_here, count)
                    for i, child in enumerate(field.children)]
    return Array(count, nulls, buffers, children)


class Imported:
    """The stream of an object with __arrow_c_stream__: its fields, and batches of some 65,000 rows."""

    def __init__(self, source):
        self.capsule = source.__arrow_c_stream__()
        self.address = _get_pointer(id(self.capsule), b"arrow_array_stream")
        self.stream = CStream.from_address(self.address)
        schema = CSchema()
        self._check(GET(self.stream.get_schema)(self.address, ctypes.addressof(schema)))
        try:
            self.fields = [_plain(_import_field(schema.children[i].contents)) for i in range(schema.n_children)]
        finally:
            RELEASE(schema.release)(ctypes.addressof(schema))

    def _check(self, code):
        if code:
            text = LAST_ERROR(self.stream.get_last_error)(self.address) if self.stream.get_last_error else None
            raise RuntimeError(ctypes.string_at(text).decode() if text else "the stream failed (%d)" % code)

    def batches(self):
        while True:
            array = CArray()
            self._check(GET(self.stream.get_next)(self.address, ctypes.addressof(array)))
            if not array.release:
                return
            try:
                for begin in range(0, array.length, SLICE_ROWS):
                    count = min(SLICE_ROWS, array.length - begin)
                    yield count, [_import_array(field, array.children[i].contents, array.offset + begin, count)
                                  for i, field in enumerate(self.fields)]
            finally:
                RELEASE(array.release)(ctypes.addressof(array))


# --- Python lists ---------------------------------------------------------------------------------

def _valid(array):
    """True and False a row."""
    if not array.nulls:
        return [True] * array.length
    bits = array.buffers[0]
    return [bool(bits[i >> 3] >> (i & 7) & 1) for i in range(array.length)]


def _fixed(field, array):
    code, data = field.code, array.buffers[1]
    if code == "b":
        return [bool(data[i >> 3] >> (i & 7) & 1) for i in range(array.length)]
    if code in CODES:
        numbers = struct.unpack_from("<%d%s" % (array.length, CODES[code]), data)
        if code == "tdD":
            return [DAY_ZERO + datetime.timedelta(days=number) for number in numbers]
        if code == "ttu":
            return [(EPOCH + number * MICROSECOND).time() for number in numbers]
        return list(numbers)
    if code.startswith("tsu:"):
        zone = datetime.timezone.utc if code[4:] else None
        return [(EPOCH + number * MICROSECOND).replace(tzinfo=zone)
                for number in struct.unpack_from("<%dq" % array.length, data)]
    pieces = [bytes(data[i * 16:i * 16 + 16]) for i in range(array.length)]
    if code.startswith("d:"):
        scale = -int(code.split(",")[1])
        return [decimal.Decimal(int.from_bytes(piece, "little", signed=True)).scaleb(scale, DIGITS) for piece in pieces]
    if code == "tin":
        spans = [struct.unpack("<iiq", piece) for piece in pieces]
        return [datetime.timedelta(days=30 * months + days, microseconds=nanos // 1000) for months, days, nanos in spans]
    import uuid                             # slow to load, and rarely needed
    return [uuid.UUID(bytes=piece) for piece in pieces]


def values_of(field, array):
    """The array as a list of Python values."""
    if field.code == "n":
        return [None] * array.length
    if field.code == "+s":
        columns = [values_of(child, part) for child, part in zip(field.children, array.children)]
        names = [child.name for child in field.children]
        values = [dict(zip(names, row)) for row in zip(*columns)]
    elif field.code in ("u", "z", "+l"):
        offsets = struct.unpack_from("<%di" % (array.length + 1), array.buffers[1]) if array.length else ()
        if field.code == "+l":
            items = values_of(field.children[0], array.children[0])
        else:
            items = bytes(array.buffers[2] or b"")
        values = [items[offsets[i]:offsets[i + 1]] for i in range(array.length)]
        if field.code == "u":
            values = [value.decode() for value in values]
    elif not array.length:
        return []
    else:
        if array.nulls:                      # what lies under a NULL may be no date
            array = Array(array.length, array.nulls, [array.buffers[0], _blanked(field, array)])
        values = _fixed(field, array)
    return [value if valid else None for value, valid in zip(values, _valid(array))]


def _blanked(field, array):
    width = width_of(field.code)
    data = bytearray(array.buffers[1])
    for i, valid in enumerate(_valid(array) if width else ()):
        if not valid:
            data[i * width:(i + 1) * width] = bytes(width)
    return data


def _kind(values, name):
    """The format that holds all of a list's values."""
    kinds = {type(value) for value in values if value is not None}
    for base in (bool, int, float, str, bytes, datetime.datetime, datetime.date, datetime.time, datetime.timedelta,
                 decimal.Decimal, dict):
        if kinds and all(issubclass(kind, base) for kind in kinds):
            return base
    if kinds and all(issubclass(kind, (list, tuple)) for kind in kinds):
        return list
    if len(kinds) == 1 and next(iter(kinds)).__name__ == "UUID":
        return "uuid"
    if kinds and kinds <= {bool, int, float}:
        return float
    if kinds and kinds <= {int, decimal.Decimal}:
        return decimal.Decimal
    if kinds:
        raise TypeError("column %r holds values of several kinds, or of one that no table has: %s" % (
            name, ", ".join(sorted(kind.__name__ for kind in kinds))))
    return None


def _bytes_of_bits(flags):
    whole = 0
    for i, flag in enumerate(flags):
        whole |= bool(flag) << i
    return whole.to_bytes((len(flags) + 7) // 8, "little")


def _scaled(value, scale):
    return int(value.scaleb(scale, DIGITS)).to_bytes(16, "little", signed=True)


def listed(name, values):
    """(Field, Array) of a list of Python values."""
    base = _kind(values, name)
    valid = [value is not None for value in values]
    nulls = len(values) - sum(valid)
    buffers, children, extension = [_bytes_of_bits(valid) if nulls else None], [], ""
    known = [value for value in values if value is not None]

    def pack(letter, convert, nothing=0):
        return struct.pack("<%d%s" % (len(values), letter), *[nothing if v is None else convert(v) for v in values])

    if base is None:
        return Field(name, "n"), Array(len(values), len(values), [])
    if base is bool:
        code, rest = "b", [_bytes_of_bits(values)]
    elif base is int and all(-1 << 63 <= value < 1 << 63 for value in known):
        code, rest = "l", [pack("q", int)]
    elif base is float:
        code, rest = "g", [pack("d", float)]
    elif base in (str, bytes):
        pieces = [b"" if value is None else value.encode() if base is str else value for value in values]
        offsets = [0, *itertools.accumulate(map(len, pieces))]
        code, rest = "u" if base is str else "z", [struct.pack("<%di" % len(offsets), *offsets), b"".join(pieces)]
    elif base is datetime.datetime:
        aware = any(value.tzinfo for value in known)
        utc = datetime.timezone.utc
        code = "tsu:UTC" if aware else "tsu:"
        rest = [pack("q", lambda v: ((v.astimezone(utc).replace(tzinfo=None) if v.tzinfo else v) - EPOCH) // MICROSECOND)]
    elif base is datetime.date:
        code, rest = "tdD", [pack("i", lambda v: (v - DAY_ZERO).days)]
    elif base is datetime.time:
        code = "ttu"
        rest = [pack("q", lambda v: (datetime.datetime.combine(DAY_ZERO, v.replace(tzinfo=None)) - EPOCH) // MICROSECOND)]
    elif base is datetime.timedelta:
        code = "tin"
        rest = [b"".join(struct.pack("<iiq", 0, v.days, (v - datetime.timedelta(v.days)) // MICROSECOND * 1000)
                         if v is not None else bytes(16) for v in values)]
    elif base in (int, decimal.Decimal):
        numbers = [None if value is None else decimal.Decimal(value) for value in values]
        scale = max([0, *(-value.as_tuple().exponent for value in numbers if value is not None)])
        code, rest = "d:38,%d" % scale, [b"".join(bytes(16) if v is None else _scaled(v, scale) for v in numbers)]
    elif base == "uuid":
        code, extension = "w:16", UUID_NAME
        rest = [b"".join(value.bytes if value is not None else bytes(16) for value in values)]
    elif base is list:
        offsets = [0, *itertools.accumulate(len(value or ()) for value in values)]
        child, part = listed("item", [item for value in values for item in value or ()])
        code, rest = "+l", [struct.pack("<%di" % len(offsets), *offsets)]
        return Field(name, code, children=[child]), Array(len(values), nulls, buffers + rest, [part])
    else:
        keys = list(dict.fromkeys(key for value in known for key in value))
        members = [listed(str(key), [None if value is None else value.get(key) for value in values]) for key in keys]
        code, rest, children = "+s", [], members
    return (Field(name, code, extension=extension, children=[child for child, _ in children]),
            Array(len(values), nulls, buffers + rest, [part for _, part in children]))
