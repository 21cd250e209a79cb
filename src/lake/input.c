/* input.c: what comes: its columns, its rows as one stream, and the rows that are refused.
 *
 * The input relation's columns are c0, c1, ... in the order of the input's columns, whatever their
 * names are; for records a column "p" follows: (number of the file << 40) + line.
 */
#include "base/json.h"
#include "base/process.h"
#include "lake/lake_base.h"

#define FILE_SHIFT 40

/* A value that ended the load. */
typedef struct Refusal {
    bool is_set, is_unknown;
    Str file, column, value, reason;
    uint64_t line;
} Refusal;

typedef struct Source {
    Load *load;
    Arena *arena;                /* of the load */
    Store *store;                /* the root of the file system */
    CsvOptions *csv;             /* one a file */
    Schema reading, shown;       /* by the records' keys; the same as c0, c1, ..., p */
    int line_column;
    uint32_t at;                 /* file */
    Arena file_arena;
    Reader *reader;
    Stream current;
    bool is_open;
    uint64_t row_count;
    FileWriter spool;            /* refused rows as JSON lines */
    Str spool_path;
    bool has_spool, is_spooled;  /* open; complete */
    uint64_t rows_refused, values_refused;
    Refusal refusal;
} Source;

/* ---- reading files ---- */

static bool open_reader(Source *source, uint32_t file, Reader **out, Err *err)
{
    AUTO(arena) Arena scratch = {0};
    Str path = path_absolute(&scratch, source->load->input->files[file].path);
    Reader *raw;
    TRY(store_read(source->store, str_slice(path, 1, path.len), 0, &raw, err));
    return reader_unpack(raw, out, err);
}

/* Every piece of a file to a function. */
static bool feed_file(Source *source, uint32_t file, bool (*feed)(void *to, Str piece, Err *err),
                      void *to, Err *err)
{
    Reader *reader;
    Str piece;
    bool ok;
    TRY(open_reader(source, file, &reader, err));
    do
        ok = reader_next(reader, &piece, err) && (piece.len == 0 || feed(to, piece, err));
    while (ok && piece.len);
    reader_close(reader);
    return ok;
}

static bool shape_record(void *context, Str record, Err *err)
{
    return shape_add(context, record, err);
}

static bool feed_splitter(void *to, Str piece, Err *err)
{
    return splitter_feed(to, piece, err);
}

static bool find_shape(Source *source, Schema *out, Err *err)
{
    const Input *input = source->load->input;
    AUTO(arena) Arena scratch = {0};
    Shape *shape = shape_make(&scratch, &(ShapeOptions){.finds_times = true});
    for (uint32_t i = 0; i < input->file_count; i++) {
        AUTO(arena) Arena of_file = {0};
        Splitter *splitter;
        SplitOptions options = {.format = FORMAT_JSONL, .name = input->files[i].shown,
                                .on_record = shape_record, .context = shape};
        TRY(splitter_make(&of_file, &options, &splitter, err));
        TRY(feed_file(source, i, feed_splitter, splitter, err));
        TRY(splitter_end(splitter, err));
    }
    *out = shape_schema(shape, source->arena);
    return true;
}

/* ---- the columns of CSV files ---- */

static bool feed_sniffer(void *to, Str piece, Err *err)
{
    return csv_sniffer_feed(to, piece, err);
}

/* A file's columns join those of the files before it. */
static void merge_schema(Arena *arena, LakeColumns *into, const Schema *schema)
{
    for (uint32_t i = 0; i < schema->count; i++) {
        const Field *field = &schema->fields[i];
        LakeColumn *known = NULL;
        for (uint32_t k = 0; k < into->len && !known; k++)
            if (str_eq(into->at[k].key, field->name))
                known = &into->at[k];
        if (!known) {
            list_add(arena, into, column_of_field(arena, field));
            continue;
        }
        Field both = {0};
        TypeMeet how = types_meet(arena, &known->field, field, &both);
        if (how == TYPES_CLASH)
            both = (Field){.type = ARROW_TEXT};
        both.name = known->key;
        if (how == TYPES_CLASH || how == TYPES_WIDEN)
            *known = column_of_field(arena, &both);
    }
}

static bool sniff_files(Source *source, LakeColumns *out, Err *err)
{
    const Input *input = source->load->input;
    source->csv = NEW_N(source->arena, CsvOptions, input->file_count);
    for (uint32_t i = 0; i < input->file_count; i++) {
        AUTO(arena) Arena of_file = {0};
        Schema schema;
        source->csv[i] = input->csv;
        CsvSniffer *sniffer = csv_sniffer_make(&of_file, &input->csv);
        if (!feed_file(source, i, feed_sniffer, sniffer, err) ||
            !csv_sniffer_end(sniffer, &source->csv[i], &schema, err))
            return err_wrap(err, STR_FMT, STR_ARG(input->files[i].shown));
        CsvOptions *csv = &source->csv[i];
        csv->encoding = str_copy(source->arena, csv->encoding);
        csv->date_format = str_copy(source->arena, csv->date_format);
        csv->timestamp_format = str_copy(source->arena, csv->timestamp_format);
        csv->null_text = csv->null_text.at ? str_copy(source->arena, csv->null_text) : STR_NONE;
        csv->decimal_mark = str_copy(source->arena, csv->decimal_mark);
        Schema kept = schema_copy(source->arena, &schema);
        merge_schema(source->arena, out, &kept);
    }
    return true;
}

static void columns_of_schema(Arena *arena, const Schema *schema, LakeColumns *out)
{
    for (uint32_t i = 0; i < schema->count; i++)
        list_add(arena, out, column_of_field(arena, &schema->fields[i]));
}

/* The select over files that the engine reads itself; its last column is the file's position. */
static bool select_files(Load *load, Str *out, Err *err)
{
    const Input *input = load->input;
    Value vars = value_dict(load->arena), files = value_list(load->arena);
    for (uint32_t i = 0; i < input->file_count; i++)
        array_add(files.list, value_text(path_absolute(load->arena, input->files[i].path)));
    dict_put(vars.dict, STR("paths"), files);
    dict_put(vars.dict, STR("excel"),
             value_is_dict(input->excel) ? input->excel : value_dict(load->arena));
    return lake_render(load->lake, load->arena,
                       input->kind == INPUT_PARQUET ? "parquet" : "excel", vars, out, err);
}

bool source_columns(Load *load, Err *err)
{
    Source *source = NEW(load->arena, Source);
    LakeColumns *columns = &load->table.input;
    const Input *input = load->input;
    source->load = load;
    source->arena = load->arena;
    load->source = source;
    load->is_records = input->kind == INPUT_JSONL || input->kind == INPUT_CSV;
    if (load->is_records)
        TRY(store_open(load->arena, STR("/"), NONE, NULL, &source->store, err));
    load->is_select = !load->is_records && input->kind != INPUT_STREAM;
    Schema schema;
    switch (input->kind) {
    case INPUT_JSONL:
        if (input->shape)
            schema = shape_schema(input->shape, load->arena);
        else
            TRY(find_shape(source, &schema, err));
        columns_of_schema(load->arena, &schema, columns);
        break;
    case INPUT_CSV:
        TRY(sniff_files(source, columns, err));
        break;
    case INPUT_STREAM:
        columns_of_schema(load->arena, &input->stream->schema, columns);
        break;
    case INPUT_SELECT:
        load->select = input->select;
        TRY(columns_describe(load->session, load->arena, load->select, columns, err));
        break;
    case INPUT_PARQUET:
    case INPUT_EXCEL:
        TRY(select_files(load, &load->select, err));
        TRY(columns_describe(load->session, load->arena, load->select, columns, err));
        columns->len -= columns->len > 0; /* the last one is the position */
        break;
    }
    for (uint32_t i = 0; i < columns->len; i++) {
        if (load->is_records)
            column_without_doubles(load->arena, &columns->at[i]);
        columns->at[i].source = str_print(load->arena, "c%u", i);
    }
    return true;
}

/* ---- bad values ---- */

/* A copy that is valid UTF-8 whatever came. */
static Str clean(Arena *arena, Str s)
{
    if (utf8_find_invalid(s) < 0)
        return s;
    AUTO(text) Text out = {0};
    for (size_t at = 0; at < s.len;) {
        uint32_t code_point = utf8_next(s, &at);
        text_add_code_point(&out, code_point >= 0xDC80 && code_point <= 0xDCFF ? 0xFFFD
                                                                                : code_point);
    }
    return text_copy(arena, &out);
}

static bool spool_open(Source *source, Err *err)
{
    if (source->has_spool)
        return true;
    Str folder = environment_get("TMPDIR");
    folder = str_is_empty(folder) ? STR("/tmp") : folder;
    source->spool_path = str_print(source->arena, STR_FMT "/weir-quarantine-" STR_FMT ".jsonl",
                                   STR_ARG(folder), STR_ARG(source->load->load_id));
    return source->has_spool = file_writer_open(&source->spool, source->spool_path, err);
}

/* One refused row or value as a line of JSON. */
static bool spool_add(Source *source, const BadValue *bad, Err *err)
{
    AUTO(arena) Arena scratch = {0};
    AUTO(text) Text line = {0};
    const struct {
        const char *key;
        Str text;
    } parts[] = {{"reason", str_of(bad->reason)}, {"column_name", bad->column},
                 {"value", bad->value}, {"source_file", bad->file}, {"record", bad->record}};
    TRY(spool_open(source, err));
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        text_print(&line, "%s\"%s\":", i ? "," : "{", parts[i].key);
        json_print_text(clean(&scratch, parts[i].text), true, &line);
    }
    text_print(&line, ",\"line\":%llu}\n", (unsigned long long)bad->line);
    return file_writer_add(&source->spool, text_str(&line), err);
}

/* The contract's word about a bad value. */
static ContractMode mode_of(const Source *source, const BadValue *bad, bool *is_unknown)
{
    const Contract *contract = &source->load->spec->contract;
    const Plan *plan = &source->load->table.plan;
    *is_unknown = false;
    if (str_is_empty(bad->column))
        return contract->data_type;
    for (uint32_t i = 0; i < plan->len; i++) {
        const PlanColumn *column = &plan->at[i];
        if (!column->input || !str_eq(column->input->key, bad->column))
            continue;
        *is_unknown = column->is_unknown;
        return column->is_unknown ? contract->columns : column->on_bad;
    }
    *is_unknown = schema_find(&source->reading, bad->column) == UINT32_MAX;
    return *is_unknown ? contract->columns : contract->data_type;
}

static Verdict judge(void *context, const BadValue *bad)
{
    Source *source = context;
    bool is_unknown;
    ContractMode mode = mode_of(source, bad, &is_unknown);
    bool drops_row = mode == CONTRACT_DISCARD_ROW || str_is_empty(bad->column);
    Err err = {0};
    if ((mode == CONTRACT_DISCARD_ROW || mode == CONTRACT_DISCARD_VALUE) &&
        spool_add(source, bad, &err)) {
        source->rows_refused += drops_row;
        source->values_refused += !drops_row;
        return drops_row ? VERDICT_DROP_ROW : VERDICT_NULL;
    }
    source->refusal = (Refusal){
        .is_set = err.kind == ERR_NONE,
        .is_unknown = is_unknown,
        .file = str_copy(source->arena, bad->file),
        .column = str_copy(source->arena, bad->column),
        .value = clean(source->arena, str_copy(source->arena, bad->value)),
        .reason = str_of(bad->reason),
        .line = bad->line,
    };
    err_drop(&err);
    return VERDICT_FAIL;
}

void source_explain(Load *load, Err *err)
{
    const Refusal *refusal = load->source ? &load->source->refusal : NULL;
    if (!refusal || !refusal->is_set || err->kind == ERR_CANCELLED)
        return;
    Place place = {refusal->file, (int)refusal->line, 0};
    Str type = STR("");
    bool is_frozen = false;
    const Plan *plan = &load->table.plan;
    for (uint32_t i = 0; i < plan->len; i++)
        if (plan->at[i].input && str_eq(plan->at[i].input->key, refusal->column)) {
            type = plan->at[i].type;
            is_frozen = plan->at[i].on_bad == CONTRACT_FREEZE;
        }
    if (str_is_empty(refusal->column))
        err_set(err, ERR_RUNTIME, place, STR_FMT ": " STR_FMT, STR_ARG(load->table.name),
                STR_ARG(refusal->reason));
    else if (refusal->is_unknown)
        err_set(err, ERR_RUNTIME, place,
                STR_FMT ": the source has a new column \"" STR_FMT "\" (" STR_FMT "); %s",
                STR_ARG(load->table.name), STR_ARG(refusal->column), STR_ARG(refusal->value),
                contract_way_out(true));
    else
        err_set(err, ERR_RUNTIME, place,
                STR_FMT ": column \"" STR_FMT "\" is " STR_FMT ", the source gives " STR_FMT
                " (" STR_FMT "); %s",
                STR_ARG(load->table.name), STR_ARG(refusal->column), STR_ARG(type),
                STR_ARG(refusal->value), STR_ARG(refusal->reason),
                is_frozen ? contract_way_out(false)
                          : "the type was declared: mend it or the source, or set "
                            "schema_contract: {data_type: discard_row}");
}

/* ---- the stream ---- */

static bool read_piece(void *context, Str *piece, Err *err)
{
    return reader_next(((Source *)context)->reader, piece, err);
}

static void close_file(Source *source)
{
    if (!source->is_open)
        return;
    stream_close(&source->current);
    reader_close(source->reader);
    arena_reset(&source->file_arena);
    source->is_open = false;
}

static bool open_file(Source *source, Err *err)
{
    const Load *load = source->load;
    const Input *input = load->input;
    bool is_csv = input->kind == INPUT_CSV;
    TRY(open_reader(source, source->at, &source->reader, err));
    RecordOptions options = {
        .format = is_csv ? FORMAT_CSV : FORMAT_JSONL,
        .csv = is_csv ? source->csv[source->at] : (CsvOptions){0},
        .schema = source->reading,
        .file = input->files[source->at].shown,
        .read = read_piece,
        .source = source,
        .on_bad = judge,
        .tells_unknown = load->table.plan.tells_unknown,
        .context = source,
        .line_column = source->line_column,
    };
    if (!records_stream(&source->file_arena, &options, &source->current, err)) {
        reader_close(source->reader);
        return false;
    }
    return source->is_open = true;
}

/* The lines of a batch become positions in the whole input. */
static void add_file_number(const Source *source, Batch *batch)
{
    struct ArrowArray *lines = batch->array.children[source->line_column];
    int64_t *at = (int64_t *)(uintptr_t)lines->buffers[1];
    for (int64_t i = 0; at && i < lines->length; i++)
        at[lines->offset + i] += (int64_t)source->at << FILE_SHIFT;
}

static bool next_of_files(void *self, Batch *out, Err *err)
{
    Source *source = self;
    for (;;) {
        if (!source->is_open) {
            if (source->at == source->load->input->file_count) {
                *out = (Batch){0};
                return true;
            }
            TRY(open_file(source, err));
        }
        TRY(source->current.next(source->current.self, out, err));
        if (batch_rows(out) > 0)
            break;
        batch_drop(out);
        close_file(source);
        source->at++;
    }
    add_file_number(source, out);
    source->row_count += batch_rows(out);
    return true;
}

static bool next_of_stream(void *self, Batch *out, Err *err)
{
    Source *source = self;
    Stream *stream = source->load->input->stream;
    TRY(stream->next(stream->self, out, err));
    source->row_count += batch_rows(out);
    return true;
}

/* Fields of a stream's objects whose names differ by case only get a number, as columns do. */
static void number_doubles(Arena *arena, Field *field)
{
    for (uint32_t i = 0; i < field->child_count; i++) {
        Str name = field->children[i].name;
        for (uint32_t k = 0, number = 2; field->type == ARROW_STRUCT && k < i; k++)
            if (str_eq_fold(field->children[k].name, field->children[i].name)) {
                field->children[i].name = str_print(arena, STR_FMT "_%u", STR_ARG(name), number++);
                k = (uint32_t)-1;
            }
        number_doubles(arena, &field->children[i]);
    }
}

/* What the reader of records is to read of a column; false: not at all. */
static bool reading_field(const Load *load, const LakeColumn *input, Field *out)
{
    const TableLoad *table = &load->table;
    for (uint32_t i = 0; i < table->plan.len; i++) {
        const PlanColumn *column = &table->plan.at[i];
        if (column->input != input)
            continue;
        *out = column->is_known ? column->field : (Field){.type = ARROW_TEXT};
        if (!column->is_known && str_starts(column->type, STR("HUGEINT")))
            *out = (Field){.type = ARROW_DECIMAL, .precision = 38};
        return column->is_read;
    }
    *out = input->field;
    return nested_is_list(load, table, input);
}

static void make_reading(Source *source)
{
    const LakeColumns *columns = &source->load->table.input;
    Arena *arena = source->arena;
    Field *fields = NEW_N(arena, Field, columns->len + 1);
    Field *shown = NEW_N(arena, Field, columns->len + 1);
    uint32_t count = 0;
    for (uint32_t i = 0; i < columns->len; i++) {
        if (!reading_field(source->load, &columns->at[i], &fields[count]))
            continue;
        fields[count].name = columns->at[i].key;
        shown[count] = fields[count];
        shown[count++].name = columns->at[i].source;
    }
    fields[count] = shown[count] = (Field){.name = STR("\x01line"), .type = ARROW_INT64};
    shown[count].name = STR("p");
    source->line_column = (int)count++;
    source->reading = (Schema){fields, count};
    Schema view = {shown, count};
    source->shown = schema_copy(arena, &view);
}

static void rename_stream(Source *source)
{
    source->shown = schema_copy(source->arena, &source->load->input->stream->schema);
    for (uint32_t i = 0; i < source->shown.count; i++) {
        source->shown.fields[i].name = source->load->table.input.at[i].source;
        number_doubles(source->arena, &source->shown.fields[i]);
    }
}

/* "(select ...) as weir_in(c0, c1, ...)" */
static Str select_relation(const Load *load)
{
    AUTO(text) Text out = {0};
    Str select = str_trim(load->select);
    while (str_ends(select, STR(";")))
        select = str_trim(str_slice(select, 0, select.len - 1));
    text_print(&out, "(\n" STR_FMT "\n) as weir_in(", STR_ARG(select));
    for (uint32_t i = 0; i < load->table.input.len; i++)
        text_print(&out, "%sc%u", i ? ", " : "", i);
    text_add_c(&out, load->has_position ? ", p)" : ")");
    return text_copy(load->arena, &out);
}

bool source_begin(Load *load, NamedStream *stream, uint32_t *count, Err *err)
{
    Source *source = load->source;
    (void)err;
    *count = !load->is_select;
    load->has_position = load->is_records || (load->is_select && load->input->kind != INPUT_SELECT);
    load->source_sql = STR("weir_in");
    if (load->is_select) {
        load->source_sql = select_relation(load);
        return true;
    }
    if (load->is_records)
        make_reading(source);
    else
        rename_stream(source);
    Stream *shown = NEW(load->arena, Stream);
    *shown = (Stream){source->shown, load->is_records ? next_of_files : next_of_stream, NULL,
                      source};
    *stream = (NamedStream){STR("weir_in"), shown};
    return true;
}

void source_end(Load *load)
{
    Source *source = load->source;
    close_file(source);
    load->report.rows_in += source->row_count + source->rows_refused;
    load->report.rows_quarantined += source->rows_refused;
    load->report.values_dropped += source->values_refused;
}

/* ---- what was refused ---- */

typedef struct SpoolReader {
    Reader *reader;
} SpoolReader;

static bool read_spool(void *context, Str *piece, Err *err)
{
    return reader_next(((SpoolReader *)context)->reader, piece, err);
}

static void close_spool(void *what)
{
    reader_close(((SpoolReader *)what)->reader);
}

bool source_quarantine(Load *load, Arena *arena, NamedStream *stream, uint32_t *count, Err *err)
{
    static const char *const names[] = {"reason", "column_name", "value", "source_file", "record",
                                        "line"};
    Source *source = load->source;
    *count = 0;
    if (!source->has_spool && !source->is_spooled)
        return true;
    if (!source->is_spooled)
        TRY(file_writer_commit(&source->spool, false, err));
    source->has_spool = false;
    source->is_spooled = true;
    SpoolReader *spool = NEW(arena, SpoolReader);
    TRY(store_read(source->store, str_slice(source->spool_path, 1, source->spool_path.len), 0,
                   &spool->reader, err));
    arena_on_drop(arena, close_spool, spool);
    Field *fields = NEW_N(arena, Field, COUNT_OF(names));
    for (uint32_t i = 0; i < COUNT_OF(names); i++)
        fields[i] = (Field){.name = str_of(names[i]), .type = i == 5 ? ARROW_INT64 : ARROW_TEXT};
    RecordOptions options = {.format = FORMAT_JSONL, .schema = {fields, COUNT_OF(names)},
                             .file = source->spool_path, .read = read_spool, .source = spool,
                             .line_column = -1};
    Stream *rows = NEW(arena, Stream);
    TRY(records_stream(arena, &options, rows, err));
    *stream = (NamedStream){STR("weir_bad"), rows};
    *count = 1;
    return true;
}

void source_drop(Load *load)
{
    Source *source = load->source;
    if (!source)
        return;
    close_file(source);
    arena_drop(&source->file_arena);
    if (source->has_spool || source->is_spooled)
        file_writer_drop(&source->spool);
    Err err = {0};
    if (source->is_spooled && !file_remove(source->spool_path, &err))
        err_drop(&err);
    load->source = NULL;
}
