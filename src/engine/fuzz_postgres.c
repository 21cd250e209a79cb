/* Any bytes as COPY's binary form: refused or decoded, never read past their end. */
#include "engine/postgres_base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct {
        PgWire wire;
        TypeId type;
    } kinds[] = {
        {WIRE_NUMERIC, ARROW_DECIMAL},     {WIRE_ARRAY, ARROW_LIST},
        {WIRE_BYTES, ARROW_TEXT},          {WIRE_INTERVAL, ARROW_INTERVAL},
        {WIRE_JSONB, ARROW_JSON},          {WIRE_INT8, ARROW_UINT8},
        {WIRE_NUMERIC, ARROW_INT32},       {WIRE_TIME, ARROW_TIME},
        {WIRE_TIMESTAMP, ARROW_TIMESTAMP}, {WIRE_DATE, ARROW_DATE},
    };
    Arena arena = {0};
    Err err = {0};
    PgColumn columns[COUNT_OF(kinds)] = {0};
    Field fields[COUNT_OF(kinds)], item = {.name = STR("item"), .type = ARROW_TEXT};
    PgPlan plan = {.columns = columns, .count = COUNT_OF(kinds)};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        fields[i] = (Field){.name = STR("a"), .type = kinds[i].type, .precision = 38, .scale = 9};
        if (kinds[i].wire == WIRE_ARRAY) {
            fields[i].children = &item;
            fields[i].child_count = 1;
        }
        columns[i] = (PgColumn){.name = STR("a"),
                                .source_type = STR("t"),
                                .key = (int)i - 2,
                                .wire = kinds[i].wire,
                                .item_wire = WIRE_BYTES,
                                .field = fields[i]};
    }
    plan.schema = (Schema){fields, COUNT_OF(kinds)};
    PgDecoder *decoder = postgres_decoder_make(&arena, &plan, 1 << 20, true);
    /* messages: a byte of length, and so many bytes */
    for (size_t at = 0; at < size;) {
        size_t len = data[at++];
        len = len < size - at ? len : size - at;
        if (!postgres_decode(decoder, (const char *)data + at, len, &err))
            break;
        at += len;
    }
    err_drop(&err);
    arena_drop(&arena);
    return 0;
}
