/* thrift.c: the compact protocol, as far as Parquet's footers and page headers need it. */
#include "parquet/thrift.h"

/* ---- writing ---- */

static void add_varint(Text *out, uint64_t number)
{
    char bytes[10];
    size_t len = 0;
    for (; number >= 0x80; number >>= 7)
        bytes[len++] = (char)(number | 0x80);
    bytes[len++] = (char)number;
    text_add_bytes(out, bytes, len);
}

static uint64_t zigzag(int64_t number)
{
    return (uint64_t)number << 1 ^ (uint64_t)(number >> 63);
}

static void add_field(Thrift *thrift, int id, int wire)
{
    int *last = &thrift->last[thrift->depth - 1];
    int step = id - *last;
    if (step > 0 && step <= 15) {
        text_add_char(thrift->out, (char)(step << 4 | wire));
    } else {
        text_add_char(thrift->out, (char)wire);
        add_varint(thrift->out, zigzag(id));
    }
    *last = id;
}

void thrift_i32(Thrift *thrift, int id, int32_t number)
{
    add_field(thrift, id, WIRE_I32);
    add_varint(thrift->out, zigzag(number));
}

void thrift_i64(Thrift *thrift, int id, int64_t number)
{
    add_field(thrift, id, WIRE_I64);
    add_varint(thrift->out, zigzag(number));
}

void thrift_byte(Thrift *thrift, int id, int8_t number)
{
    add_field(thrift, id, WIRE_BYTE);
    text_add_char(thrift->out, (char)number);
}

void thrift_bool(Thrift *thrift, int id, bool is_true)
{
    add_field(thrift, id, is_true ? WIRE_TRUE : WIRE_FALSE);
}

void thrift_bytes(Thrift *thrift, int id, Str bytes)
{
    add_field(thrift, id, WIRE_BINARY);
    thrift_item_bytes(thrift, bytes);
}

void thrift_struct(Thrift *thrift, int id)
{
    if (id)
        add_field(thrift, id, WIRE_STRUCT);
    assert(thrift->depth < THRIFT_DEEPEST);
    thrift->last[thrift->depth++] = 0;
}

void thrift_end(Thrift *thrift)
{
    assert(thrift->depth > 0);
    thrift->depth--;
    text_add_char(thrift->out, 0);
}

void thrift_list(Thrift *thrift, int id, int wire, uint64_t count)
{
    add_field(thrift, id, WIRE_LIST);
    if (count < 15) {
        text_add_char(thrift->out, (char)(count << 4 | (unsigned)wire));
    } else {
        text_add_char(thrift->out, (char)(0xf0 | wire));
        add_varint(thrift->out, count);
    }
}

void thrift_item_i32(Thrift *thrift, int32_t number)
{
    add_varint(thrift->out, zigzag(number));
}

void thrift_item_bytes(Thrift *thrift, Str bytes)
{
    add_varint(thrift->out, bytes.len);
    text_add(thrift->out, bytes);
}

/* ---- reading ---- */

static void go_bad(ThriftReader *reader)
{
    reader->is_bad = true;
    reader->at = reader->end;
}

static uint8_t read_byte(ThriftReader *reader)
{
    if (reader->at == reader->end) {
        reader->is_bad = true;
        return 0;
    }
    return *reader->at++;
}

static uint64_t read_varint(ThriftReader *reader)
{
    uint64_t number = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = read_byte(reader);
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return reader->is_bad ? 0 : number;
    }
    go_bad(reader);
    return 0;
}

static int64_t unzigzag(uint64_t number)
{
    return (int64_t)(number >> 1) ^ -(int64_t)(number & 1);
}

bool thrift_next(ThriftReader *reader, int *id, int *wire)
{
    uint8_t head = read_byte(reader);
    if (reader->is_bad || head == 0)
        return false;
    *wire = head & 15;
    if (head >> 4) {
        *id = reader->last + (head >> 4);
    } else {
        int64_t far = unzigzag(read_varint(reader));
        if (far < INT16_MIN || far > INT16_MAX)
            go_bad(reader);
        *id = (int)far;
    }
    if (*wire == 0 || *wire > WIRE_STRUCT || *id > INT16_MAX)
        go_bad(reader);
    reader->last = *id;
    return !reader->is_bad;
}

int thrift_enter(ThriftReader *reader)
{
    int last = reader->last;
    reader->last = 0;
    if (++reader->depth > THRIFT_DEEPEST)
        go_bad(reader);
    return last;
}

void thrift_leave(ThriftReader *reader, int last)
{
    reader->depth--;
    reader->last = last;
}

int64_t thrift_read_int(ThriftReader *reader, int wire)
{
    if (wire == WIRE_BYTE)
        return (int8_t)read_byte(reader);
    if (wire == WIRE_I16 || wire == WIRE_I32 || wire == WIRE_I64)
        return unzigzag(read_varint(reader));
    go_bad(reader);
    return 0;
}

bool thrift_read_bool(ThriftReader *reader, int wire)
{
    if (wire != WIRE_TRUE && wire != WIRE_FALSE)
        go_bad(reader);
    return wire == WIRE_TRUE;
}

Str thrift_read_bytes(ThriftReader *reader, int wire)
{
    uint64_t len = wire == WIRE_BINARY ? read_varint(reader) : UINT64_MAX;
    if (len > (uint64_t)(reader->end - reader->at)) {
        go_bad(reader);
        return STR("");
    }
    Str bytes = {(const char *)reader->at, len};
    reader->at += len;
    return bytes;
}

uint64_t thrift_read_list(ThriftReader *reader, int wire, int *item)
{
    *item = 0;
    if (wire != WIRE_LIST && wire != WIRE_SET) {
        go_bad(reader);
        return 0;
    }
    uint8_t head = read_byte(reader);
    *item = head & 15;
    uint64_t count = head >> 4;
    if (count == 15)
        count = read_varint(reader);
    if (*item == 0 || *item > WIRE_STRUCT || count > (uint64_t)(reader->end - reader->at))
        go_bad(reader);
    return reader->is_bad ? 0 : count;
}

static void skip_bytes(ThriftReader *reader, uint64_t count)
{
    if (count > (uint64_t)(reader->end - reader->at))
        go_bad(reader);
    else
        reader->at += count;
}

static void skip_list(ThriftReader *reader, int wire)
{
    int item;
    uint64_t count = thrift_read_list(reader, wire, &item);
    for (uint64_t i = 0; i < count && !reader->is_bad; i++)
        thrift_skip_item(reader, item);
}

static void skip_map(ThriftReader *reader)
{
    uint64_t count = read_varint(reader);
    if (count == 0)
        return;
    uint8_t wires = read_byte(reader);
    for (uint64_t i = 0; i < count && !reader->is_bad; i++) {
        thrift_skip_item(reader, wires >> 4);
        thrift_skip_item(reader, wires & 15);
    }
}

void thrift_skip(ThriftReader *reader, int wire)
{
    int before = thrift_enter(reader), id, inner;
    switch (reader->is_bad ? WIRE_TRUE : wire) {
    case WIRE_TRUE:
    case WIRE_FALSE: break;
    case WIRE_BYTE: skip_bytes(reader, 1); break;
    case WIRE_I16:
    case WIRE_I32:
    case WIRE_I64: (void)read_varint(reader); break;
    case WIRE_DOUBLE: skip_bytes(reader, 8); break;
    case WIRE_BINARY: (void)thrift_read_bytes(reader, wire); break;
    case WIRE_LIST:
    case WIRE_SET: skip_list(reader, wire); break;
    case WIRE_MAP: skip_map(reader); break;
    case WIRE_STRUCT:
        while (thrift_next(reader, &id, &inner))
            thrift_skip(reader, inner);
        break;
    default: go_bad(reader);
    }
    thrift_leave(reader, before);
}

void thrift_skip_item(ThriftReader *reader, int wire)
{
    if (wire == WIRE_TRUE || wire == WIRE_FALSE)
        skip_bytes(reader, 1);
    else
        thrift_skip(reader, wire);
}
