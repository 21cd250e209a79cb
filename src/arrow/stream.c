/* stream.c: streams over the border to C consumers and producers. */
#include <errno.h>

#include "arrow/arrow_base.h"

#define FLAG_NULLABLE 2
#define UUID_NAME "arrow.uuid"
#define JSON_NAME "arrow.json"
#define EXTENSION_KEY "ARROW:extension:name"

void stream_close(Stream *stream)
{
    if (stream->close)
        stream->close(stream->self);
    stream->close = NULL;
}

/* ---- schemas going out ---- */

/* Of one exported field: what its schema points to. */
typedef struct SchemaBody {
    Text format, name, metadata;
    struct ArrowSchema **children;
} SchemaBody;

static void schema_release(struct ArrowSchema *schema)
{
    SchemaBody *body = schema->private_data;
    for (int64_t i = 0; i < schema->n_children; i++)
        if (schema->children[i]->release)
            schema->children[i]->release(schema->children[i]);
    text_drop(&body->format);
    text_drop(&body->name);
    text_drop(&body->metadata);
    memory_give(body);
    schema->release = NULL;
}

static void print_format(const Field *field, Text *out)
{
    static const char *const formats[ARROW_TYPE_COUNT] = {
        [ARROW_NULL] = "n",         [ARROW_BOOL] = "b",          [ARROW_INT8] = "c",
        [ARROW_INT16] = "s",        [ARROW_INT32] = "i",         [ARROW_INT64] = "l",
        [ARROW_UINT8] = "C",        [ARROW_UINT16] = "S",        [ARROW_UINT32] = "I",
        [ARROW_UINT64] = "L",       [ARROW_FLOAT] = "f",         [ARROW_DOUBLE] = "g",
        [ARROW_TEXT] = "u",         [ARROW_JSON] = "u",          [ARROW_BINARY] = "z",
        [ARROW_UUID] = "w:16",      [ARROW_DATE] = "tdD",        [ARROW_TIME] = "ttu",
        [ARROW_TIMESTAMP] = "tsu:", [ARROW_TIMESTAMP_TZ] = "tsu:UTC",
        [ARROW_INTERVAL] = "tin",   [ARROW_LIST] = "+l",         [ARROW_STRUCT] = "+s",
    };
    if (field->type == ARROW_DECIMAL)
        text_print(out, "d:%u,%u", field->precision, field->scale);
    else
        text_add_c(out, formats[field->type]);
}

/* A piece of metadata: its length as 32 bits, then its bytes. */
static void add_piece(const char *piece, Text *out)
{
    int32_t len = (int32_t)strlen(piece);
    text_add_bytes(out, (const char *)&len, sizeof len);
    text_add_c(out, piece);
}

/* {ARROW:extension:name: ..., ARROW:extension:metadata: ""} */
static void print_metadata(const Field *field, Text *out)
{
    if (field->type != ARROW_UUID && field->type != ARROW_JSON)
        return;
    int32_t pairs = 2;
    text_add_bytes(out, (const char *)&pairs, sizeof pairs);
    add_piece(EXTENSION_KEY, out);
    add_piece(field->type == ARROW_UUID ? UUID_NAME : JSON_NAME, out);
    add_piece("ARROW:extension:metadata", out);
    add_piece("", out);
}

static void schema_export(const Field *field, struct ArrowSchema *out)
{
    size_t size = sizeof(SchemaBody) +
                  field->child_count * (sizeof(struct ArrowSchema *) + sizeof(struct ArrowSchema));
    SchemaBody *body = memset(memory_take(size), 0, size);
    body->children = (struct ArrowSchema **)(body + 1);
    struct ArrowSchema *children = (struct ArrowSchema *)(body->children + field->child_count);
    for (uint32_t i = 0; i < field->child_count; i++) {
        body->children[i] = &children[i];
        schema_export(&field->children[i], &children[i]);
    }
    print_format(field, &body->format);
    text_add(&body->name, field->name);
    text_add_c(&body->name, "");
    print_metadata(field, &body->metadata);
    *out = (struct ArrowSchema){
        .format = body->format.at,
        .name = body->name.at ? body->name.at : "",
        .metadata = body->metadata.at,
        .flags = field->is_required ? 0 : FLAG_NULLABLE,
        .n_children = field->child_count,
        .children = field->child_count ? body->children : NULL,
        .release = schema_release,
        .private_data = body,
    };
}

/* ---- streams going out ---- */

typedef struct Export {
    Stream *stream;
    Err *failure;
} Export;

static int export_schema(struct ArrowArrayStream *from, struct ArrowSchema *out)
{
    const Export *export = from->private_data;
    const Schema *schema = &export->stream->schema;
    schema_export(&(Field){.type = ARROW_STRUCT, .children = schema->fields,
                           .child_count = schema->count, .is_required = true}, out);
    return 0;
}

static int export_next(struct ArrowArrayStream *from, struct ArrowArray *out)
{
    const Export *export = from->private_data;
    Batch batch = {0};
    if (export->failure->kind != ERR_NONE ||
        !export->stream->next(export->stream->self, &batch, export->failure))
        return EIO;
    if (batch.array.length == 0)
        batch_drop(&batch);
    *out = batch.array; /* at the end: all zero, as the interface wants it */
    return 0;
}

static const char *export_error(struct ArrowArrayStream *from)
{
    const Export *export = from->private_data;
    return export->failure->text;
}

static void export_release(struct ArrowArrayStream *from)
{
    Export *export = from->private_data;
    stream_close(export->stream);
    from->release = NULL;
}

void stream_export(Stream *stream, Arena *arena, Err *failure, struct ArrowArrayStream *out)
{
    Export *export = NEW(arena, Export);
    *export = (Export){stream, failure};
    *out = (struct ArrowArrayStream){export_schema, export_next, export_error, export_release,
                                     export};
}

/* ---- schemas coming in ---- */

/* The value of a key in encoded metadata; empty without it. */
static Str metadata_find(const char *metadata, const char *key)
{
    int32_t pairs = 0, len;
    if (metadata)
        memcpy(&pairs, metadata, sizeof pairs);
    const char *at = metadata + (metadata ? sizeof pairs : 0);
    for (; pairs > 0; pairs--) {
        Str parts[2];
        for (unsigned i = 0; i < 2; i++) {
            memcpy(&len, at, sizeof len);
            parts[i] = (Str){at + sizeof len, (size_t)len};
            at += sizeof len + (size_t)len;
        }
        if (str_is(parts[0], key))
            return parts[1];
    }
    return STR_NONE;
}

/* "d:18,2" and "d:18,2,128". */
static bool decimal_of(Str format, Field *out)
{
    Str rest = str_slice(format, 2, format.len), part;
    int64_t numbers[3] = {0, 0, 128};
    for (unsigned i = 0; str_next_part(&rest, ',', &part); i++)
        if (i == 3 || !str_to_int(part, &numbers[i]))
            return false;
    out->type = ARROW_DECIMAL;
    out->precision = (uint8_t)numbers[0];
    out->scale = (uint8_t)numbers[1];
    return numbers[2] == 128 && numbers[0] >= 1 && numbers[0] <= 38 && numbers[1] >= 0 &&
           numbers[1] <= numbers[0];
}

static bool type_of(Str format, Str extension, Field *out)
{
    static const struct {
        const char *format;
        TypeId type;
    } formats[] = {
        {"n", ARROW_NULL},   {"b", ARROW_BOOL},   {"c", ARROW_INT8},      {"s", ARROW_INT16},
        {"i", ARROW_INT32},  {"l", ARROW_INT64},  {"C", ARROW_UINT8},     {"S", ARROW_UINT16},
        {"I", ARROW_UINT32}, {"L", ARROW_UINT64}, {"f", ARROW_FLOAT},     {"g", ARROW_DOUBLE},
        {"u", ARROW_TEXT},   {"z", ARROW_BINARY}, {"tdD", ARROW_DATE},    {"ttu", ARROW_TIME},
        {"+l", ARROW_LIST},  {"+s", ARROW_STRUCT}, {"tsu:", ARROW_TIMESTAMP},
        {"tin", ARROW_INTERVAL},
    };
    if (str_starts(format, STR("d:")))
        return decimal_of(format, out);
    if (str_starts(format, STR("tsu:")) && format.len > 4) {
        out->type = ARROW_TIMESTAMP_TZ; /* whatever the zone: the instant is in UTC */
        return true;
    }
    if (str_is(format, "w:16")) {
        out->type = ARROW_UUID;
        return str_is(extension, UUID_NAME);
    }
    for (size_t i = 0; i < COUNT_OF(formats); i++)
        if (str_is(format, formats[i].format)) {
            out->type = formats[i].type;
            if (out->type == ARROW_TEXT && str_is(extension, JSON_NAME))
                out->type = ARROW_JSON;
            return true;
        }
    return false;
}

static bool schema_import(const struct ArrowSchema *from, Arena *arena, unsigned depth, Field *out,
                          Err *err)
{
    Str format = str_of(from->format), name = str_of(from->name);
    if (depth > ARROW_DEEPEST)
        return err_set(err, ERR_TOO_DEEP, NOWHERE, "the columns nest too deep");
    *out = (Field){.name = str_copy(arena, name), .is_required = !(from->flags & FLAG_NULLABLE)};
    Str extension = metadata_find(from->metadata, EXTENSION_KEY);
    if (from->dictionary || !type_of(format, extension, out))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "column '" STR_FMT "' has Arrow's format '" STR_FMT "'%s: not carried",
                       STR_ARG(name), STR_ARG(format),
                       from->dictionary ? " with a dictionary" : "");
    out->child_count = (uint32_t)from->n_children;
    out->children = NEW_N(arena, Field, out->child_count + 1);
    for (uint32_t i = 0; i < out->child_count; i++)
        TRY(schema_import(from->children[i], arena, depth + 1, &out->children[i], err));
    return true;
}

/* ---- streams coming in ---- */

typedef struct Import {
    struct ArrowArrayStream from;
    Schema schema;
} Import;

static bool import_failed(struct ArrowArrayStream *from, int code, Err *err)
{
    const char *text = from->get_last_error ? from->get_last_error(from) : NULL;
    return err_set(err, ERR_RUNTIME, NOWHERE, "%s",
                   text && *text ? text : code == ECANCELED ? "cancelled" : "the stream failed");
}

static bool import_next(void *self, Batch *out, Err *err)
{
    Import *import = self;
    Batch batch = {0};
    do { /* an empty batch in the middle is no end */
        batch_drop(&batch);
        int code = import->from.get_next(&import->from, &batch.array);
        if (code)
            return import_failed(&import->from, code, err);
    } while (batch.array.release && batch.array.length == 0);
    for (int64_t i = 0; i < batch.array.n_children; i++) {
        struct ArrowArray *column = batch.array.children[i]; /* all rows' offset: each column's */
        column->offset += batch.array.offset;
        column->length = batch.array.length;
        batch.bytes += array_size(&import->schema.fields[i], column);
    }
    batch.array.offset = 0;
    *out = batch;
    return true;
}

static void import_close(void *self)
{
    Import *import = self;
    if (import->from.release)
        import->from.release(&import->from);
}

bool stream_import(struct ArrowArrayStream *from, Arena *arena, Stream *out, Err *err)
{
    struct ArrowSchema schema = {0};
    Field rows;
    int code = from->get_schema(from, &schema);
    if (code)
        return import_failed(from, code, err);
    bool ok = schema_import(&schema, arena, 0, &rows, err);
    schema.release(&schema);
    TRY(ok);
    if (rows.type != ARROW_STRUCT)
        return err_set(err, ERR_RUNTIME, NOWHERE, "the stream's rows are no columns");
    Import *import = NEW(arena, Import);
    import->from = *from;
    import->schema = (Schema){rows.children, rows.child_count};
    from->release = NULL; /* it is ours now */
    *out = (Stream){import->schema, import_next, import_close, import};
    return true;
}
