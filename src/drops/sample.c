/* sample.c: sample files read twice: for their names, then row for row. */
#include "drops/sample.h"

#include "base/file.h"
#include "base/hash.h"

const char *const sample_forms[SAMPLE_FORMS] = {
    "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d",
    "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M", "%Y/%m/%d %H:%M:%S", "%Y%m%d%H%M%S",
};

bool sample_form_is_date(uint32_t form)
{
    return !strstr(sample_forms[form], "%H");
}

/* ---- names ---- */

static bool is_packed(Str extension)
{
    static const char *const packed[] = {".gz", ".zst", ".bz2", ".xz", ".lz4"};
    for (size_t i = 0; i < COUNT_OF(packed); i++)
        if (str_eq_fold(extension, str_of(packed[i])))
            return true;
    return false;
}

/* ".csv", ".csv.gz" */
static Str name_extension(Str name)
{
    Str stem = name, extension = path_extension(path_name(name));
    if (!is_packed(extension))
        return extension;
    stem = str_slice(name, 0, name.len - extension.len);
    size_t inner = path_extension(path_name(stem)).len;
    return str_slice(name, stem.len - inner, name.len);
}

static bool is_csv_name(Str name)
{
    static const char *const known[] = {".csv", ".tsv", ".txt", ".psv", ".dat", ".tab"};
    Str extension = name_extension(name);
    ptrdiff_t second = str_find_char(str_slice(extension, 1, extension.len), '.');
    if (second >= 0)
        extension = str_slice(extension, 0, (size_t)second + 1);
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (str_eq_fold(extension, str_of(known[i])))
            return true;
    return false;
}

/* Is it a table's name: with a letter, and not a part of a number beside a date? */
static bool is_table_name(Str name, bool touches_date)
{
    bool has_letter = false;
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.at[i];
        bool is_digit = c >= '0' && c <= '9';
        has_letter = has_letter || (c | 0x20) >= 'a';
        if (is_digit && touches_date && (i == 0 || i + 1 == name.len))
            return false;
    }
    return has_letter;
}

/* How many names a pattern takes; dates must be of our time. */
static uint32_t count_matches(Arena *arena, Str text, const Str *names, uint32_t count,
                              bool needs_digit)
{
    AUTO(err) Err err = {0};
    Pattern *pattern;
    uint32_t matches = 0;
    bool has_more = str_find(text, STR("{")) != str_find_last(text, STR("{"));
    if (!pattern_make(arena, text, &pattern, &err))
        return 0;
    for (uint32_t i = 0; i < count; i++) {
        PatternMatch match;
        if (!pattern_match(pattern, names[i], arena, &match) ||
            (has_more && !is_table_name(match.table, str_find(text, STR("}{")) >= 0)))
            continue;
        int64_t year = 2000;
        Str batch = value_get_text(match.others, "batch_id", STR_NONE);
        bool has_digit = !needs_digit;
        for (size_t at = 0; at < batch.len; at++)
            has_digit = has_digit || (batch.at[at] >= '0' && batch.at[at] <= '9');
        bool is_year = !match.date.len || (str_to_int(str_slice(match.date, 0, 4), &year) &&
                                           year >= 1980 && year < 2100);
        matches += is_year && has_digit;
    }
    return matches;
}

/* Shapes of names, the most telling first: 1, 2 stand for separators, D for the date, E for the
 * ending. */
static const struct {
    const char *shape;
    bool needs_digit;            /* of the batch, which else could be a part of the table's name  */
} shapes[] = {
    {"{table}1{date:D}2{batch_id}E", false}, {"{date:D}1{table}2{batch_id}E", true},
    {"{table}1{date:D}E", false},            {"{date:D}1{table}E", false},
    {"{table}2{batch_id}E", true},           {"{table}E", false},
};

static Str fill_shape(Arena *arena, const char *shape, const char *first, const char *second,
                      const char *date, Str ending)
{
    AUTO(text) Text text = {0};
    for (; *shape; shape++)
        switch (*shape) {
        case '1': text_add_c(&text, first); break;
        case '2': text_add_c(&text, second); break;
        case 'D': text_add_c(&text, date); break;
        case 'E': text_add(&text, ending); break;
        default: text_add_char(&text, *shape);
        }
    return text_copy(arena, &text);
}

/* The ending that most names have. */
static Str common_ending(const Str *names, uint32_t count)
{
    Str best = STR_NONE;
    uint32_t best_count = 0;
    for (uint32_t i = 0; i < count && i < 64; i++) {
        uint32_t same = 0;
        for (uint32_t j = 0; j < count; j++)
            same += str_eq(name_extension(names[i]), name_extension(names[j]));
        if (same > best_count) {
            best = name_extension(names[i]);
            best_count = same;
        }
    }
    return best;
}

/* Tries a shape with all dates and separators: keeps what takes more names than the best so far. */
static void try_shape(Arena *arena, size_t shape, const Str *names, uint32_t count, Str ending,
                      Str *best, uint32_t *best_count)
{
    static const char *const dates[] = {"%Y%m%d%H%M%S", "%Y%m%d", "%Y-%m-%d", "%Y_%m_%d",
                                        "%Y.%m.%d", "%d.%m.%Y", "%d-%m-%Y", "%d%m%Y", "%m%d%Y",
                                        "%y%m%d", "%Y%j"};
    static const char *const separators[] = {"_", "-", ".", ""};
    Str text = str_of(shapes[shape].shape);
    size_t date_count = str_find_char(text, 'D') >= 0 ? COUNT_OF(dates) : 1;
    size_t first_count = str_find_char(text, '1') >= 0 ? COUNT_OF(separators) : 1;
    size_t second_count = str_find_char(text, '2') >= 0 ? COUNT_OF(separators) - 1 : 1;
    for (size_t d = 0; d < date_count; d++)
        for (size_t i = 0; i < first_count * second_count; i++) {
            Str made = fill_shape(arena, text.at, separators[i / second_count],
                                  separators[i % second_count], dates[d], ending);
            uint32_t matches = count_matches(arena, made, names, count,
                                             shapes[shape].needs_digit);
            if (matches > *best_count) {
                *best = str_copy(arena, made);
                *best_count = matches;
            }
        }
}

Str sample_guess(Arena *arena, const Str *names, uint32_t count)
{
    Arena scratch = {0};
    Str best = STR_NONE;
    uint32_t best_count = 0;
    if (count > 200)
        count = 200;
    Str ending = common_ending(names, count);
    for (size_t shape = 0; shape < COUNT_OF(shapes) && best_count < count; shape++) {
        bool is_last = shape + 1 == COUNT_OF(shapes);
        if (is_last && best_count * 2 > count)
            break; /* a few strays do not make the rest of the names one table each */
        try_shape(&scratch, shape, names, count, ending, &best, &best_count);
    }
    best = best.len ? str_copy(arena, best) : best;
    arena_drop(&scratch);
    return best;
}

/* ---- files ---- */

/* What is done with each CSV of a file. */
typedef struct Visit {
    Sample *sample;
    /* Takes a reader of plain bytes (which the caller closes); at most *left of them. */
    MUST bool (*csv)(struct Visit *visit, Str name, Reader *reader, uint64_t *left, Err *err);
    Pattern *pattern;
    Text text;                   /* of one CSV                                                    */
} Visit;

static bool fail_absent(Arena *arena, Str path, Err *err)
{
    FileList list = {0};
    AUTO(err) Err why = {0};
    Str folder = path_folder(path), near = STR_NONE;
    if (file_info(path).kind == FILE_FOLDER)
        return err_set(err, ERR_IO, NOWHERE, "'" STR_FMT "' is a folder: name the files in it, as "
                       "in " STR_FMT "/*", STR_ARG(path), STR_ARG(path));
    if (file_info(folder.len ? folder : STR(".")).kind == FILE_FOLDER &&
        folder_walk(arena, folder.len ? folder : STR("."), &list, &why)) {
        Str *names = NEW_N(arena, Str, (size_t)list.len + 1);
        uint32_t count = 0;
        for (uint32_t i = 0; i < list.len && count < 10000; i++)
            if (str_find_char(list.at[i].path, '/') < 0)
                names[count++] = list.at[i].path;
        near = str_nearest(path_name(path), names, count);
    }
    return near.len ? err_set(err, ERR_IO, NOWHERE, "there is no file '" STR_FMT "'. Did you mean '"
                              STR_FMT "'?", STR_ARG(path), STR_ARG(path_join(arena, folder, near)))
                    : err_set(err, ERR_IO, NOWHERE, "there is no file '" STR_FMT "'",
                              STR_ARG(path));
}

/* tar and zip by their first bytes, below any compression. */
static bool is_archive(Reader *reader, bool *out, Err *err)
{
    AUTO(text) Text head = {0};
    Str piece;
    do {
        TRY(reader_next(reader, &piece, err));
        text_add(&head, str_slice(piece, 0, 512));
    } while (piece.len && head.len < 512);
    Str text = text_str(&head);
    *out = str_starts(text, STR("PK\003\004")) || str_eq(str_slice(text, 257, 262), STR("ustar"));
    return true;
}

static bool visit_members(Visit *visit, Str path, Archive *archive, Err *err)
{
    uint64_t left = SAMPLE_BYTES;
    uint32_t seen = 0, passed = 0;
    Member member;
    bool has = true;
    AUTO(text) Text others = {0};
    while (left) {
        TRY(archive_next(archive, &member, &has, err));
        if (!has)
            break;
        if (!member.is_file)
            continue;
        if (member.is_unsafe || !is_csv_name(member.name)) {
            if (passed++ < 5)
                text_print(&others, "%s" STR_FMT, passed > 1 ? ", " : "", STR_ARG(member.name));
            continue;
        }
        Reader *packed, *reader;
        Str name = str_copy(visit->sample->arena, member.name);
        TRY(archive_read(archive, &packed, err));
        TRY(reader_unpack(packed, &reader, err));
        bool ok = visit->csv(visit, name, reader, &left, err);
        reader_close(reader);
        if (!ok)
            return err_wrap(err, STR_FMT, STR_ARG(path));
        seen++;
    }
    if (!seen)
        return err_set(err, ERR_PARSING, NOWHERE, "the archive '" STR_FMT "' holds no CSV file%s"
                       STR_FMT, STR_ARG(path), others.len ? ": there are " : "",
                       STR_ARG(text_str(&others)));
    if (!visit->pattern && passed)
        text_print(visit->sample->notes, STR_FMT ": passed over %u, no CSV by their names: " STR_FMT
                   "\n", STR_ARG(path), passed, STR_ARG(text_str(&others)));
    return true;
}

/* A file of a local store, unpacked or as it lies there. */
static bool open_file(Store *store, Str path, bool unpacks, Reader **out, Err *err)
{
    Reader *raw;
    TRY(store_read(store, path_name(path), 0, &raw, err));
    if (unpacks)
        return reader_unpack(raw, out, err);
    *out = raw;
    return true;
}

static bool visit_file(Visit *visit, Str path, Err *err)
{
    Arena arena = {0};
    Store *store;
    Reader *reader = NULL;
    Archive *archive = NULL;
    bool is_packed_up = false;
    Str folder = path_folder(path_absolute(&arena, path));
    bool ok = file_info(path).kind == FILE_REGULAR || fail_absent(&arena, path, err);
    ok = ok && store_open(&arena, folder.len ? folder : STR("/"), NONE, NULL, &store, err) &&
         open_file(store, path, true, &reader, err) && is_archive(reader, &is_packed_up, err);
    if (reader)
        reader_close(reader);
    reader = NULL;
    ok = ok && open_file(store, path, !is_packed_up, &reader, err);
    if (ok && is_packed_up) {
        ok = archive_open(reader, &archive, err) && visit_members(visit, path, archive, err);
        if (archive)
            archive_close(archive);
    } else if (ok) {
        uint64_t left = SAMPLE_BYTES;
        ok = visit->csv(visit, path, reader, &left, err);
        reader_close(reader);
    }
    arena_drop(&arena);
    return ok;
}

/* ---- the first time: names ---- */

static bool take_name(Visit *visit, Str name, Reader *reader, uint64_t *left, Err *err)
{
    Str piece;
    list_add(visit->sample->arena, &visit->sample->names, name);
    do {
        TRY(reader_next(reader, &piece, err));
        *left -= piece.len < *left ? piece.len : *left;
    } while (piece.len && *left);
    return true;
}

static bool find_pattern(Sample *sample, Str members, Pattern **out, Err *err)
{
    Arena *arena = sample->arena;
    sample->pattern = members.len ? members : sample_guess(arena, sample->names.at,
                                                           sample->names.len);
    if (!sample->pattern.len)
        return err_set(err, ERR_PARSING, NOWHERE, "the names of the files, such as '" STR_FMT
                       "', have no pattern that could be guessed: give it, as in --members "
                       "'{table}_{date:%%Y%%m%%d}_{batch_id}.csv'", STR_ARG(sample->names.at[0]));
    return pattern_make(arena, sample->pattern, out, err);
}

/* ---- the second time: rows ---- */

static SampleColumn *table_column(Sample *sample, SampleTable *table, Str name)
{
    SampleColumn *column = map_find(&table->by_name, name);
    if (column)
        return column;
    column = NEW(sample->arena, SampleColumn);
    *column = (SampleColumn){.name = str_copy(sample->arena, name), .is_unique = true,
                             .forms = (1u << SAMPLE_FORMS) - 1, .is_decimal = true};
    map_put(&table->by_name, column->name, column);
    list_add(sample->arena, &table->columns, column);
    return column;
}

static SampleTable *sample_table(Sample *sample, Str name)
{
    SampleTable *table = map_find(&sample->by_name, name);
    if (table)
        return table;
    table = NEW(sample->arena, SampleTable);
    table->name = str_copy(sample->arena, name);
    map_init(&table->by_name, sample->arena);
    map_put(&sample->by_name, table->name, table);
    list_add(sample->arena, &sample->tables, table);
    return table;
}

/* False: it was there already. */
static bool keys_add(SampleKeys *keys, Arena *arena, const uint64_t hash[2])
{
    if ((keys->len + 1) * 2 > keys->room) {
        SampleKeys old = *keys;
        keys->room = old.room ? old.room * 2 : 64;
        keys->at = arena_take_n(arena, keys->room, sizeof *keys->at, sizeof(uint64_t));
        keys->len = 0;
        for (uint32_t i = 0; i < old.room; i++)
            if (old.at[i][0] | old.at[i][1])
                keys_add(keys, arena, old.at[i]);
    }
    uint32_t at = (uint32_t)(hash[0] >> 1) & (keys->room - 1); /* bit 0 is always set */
    for (; keys->at[at][0] | keys->at[at][1]; at = (at + 1) & (keys->room - 1))
        if (keys->at[at][0] == hash[0] && keys->at[at][1] == hash[1])
            return false;
    keys->at[at][0] = hash[0];
    keys->at[at][1] = hash[1];
    keys->len++;
    return true;
}

static void add_word(SampleColumn *column, Arena *arena, Str value)
{
    if (column->word_count > SAMPLE_WORDS)
        return;
    uint32_t i = 0;
    while (i < column->word_count && !str_eq(column->words[i], value))
        i++;
    if (i == SAMPLE_WORDS || value.len > 40) {
        column->word_count = SAMPLE_WORDS + 1;
        return;
    }
    if (i == column->word_count) {
        column->words[i] = str_copy(arena, value);
        column->word_count++;
    }
    column->word_rows[i]++;
}

/* "-12.50": how many digits are behind the point. */
static void add_digits(SampleColumn *column, Str value)
{
    size_t at = value.len && value.at[0] == '-', point = value.len;
    for (; at < value.len && column->is_decimal; at++)
        if (value.at[at] == '.' && point == value.len)
            point = at;
        else
            column->is_decimal = value.at[at] >= '0' && value.at[at] <= '9';
    unsigned scale = point == value.len ? 0 : (unsigned)(value.len - point - 1);
    column->scale = scale > column->scale ? scale : column->scale;
}

static void add_value(Sample *sample, SampleColumn *column, Str value)
{
    column->value_count++;
    if (column->is_unique && column->keys.len < SAMPLE_KEYS) {
        uint64_t hash[2] = {hash64(value, 1) | 1, hash64(value, 2)};
        column->is_unique = keys_add(&column->keys, sample->arena, hash);
    }
    add_word(column, sample->arena, value);
    if (column->is_decimal)
        add_digits(column, value);
    for (uint32_t i = 0; column->forms && i < SAMPLE_FORMS; i++)
        if (column->forms >> i & 1 && !pattern_is_time(str_of(sample_forms[i]), value))
            column->forms &= ~(1u << i);
}

/* Names of columns that are halves of keys. */
static bool is_key_name(Str name)
{
    static const char *const ends[] = {"id", "no", "nr", "number", "key", "line", "seq", "pos",
                                       "code", "sku"};
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        size_t len = strlen(ends[i]);
        if (name.len >= len && str_eq_fold(str_slice(name, name.len - len, name.len),
                                           str_of(ends[i])))
            return true;
    }
    return false;
}

/* The pairs that are watched, once a table's first columns are known. */
static void make_pairs(Sample *sample, SampleTable *table, SampleColumn **columns, uint32_t count)
{
    const SampleColumn *named[SAMPLE_PAIR_COLUMNS];
    uint32_t found = 0;
    for (uint32_t i = 0; i < count && found < SAMPLE_PAIR_COLUMNS; i++)
        if (is_key_name(columns[i]->name))
            named[found++] = columns[i];
    for (uint32_t i = 0; i < found; i++)
        for (uint32_t j = i + 1; j < found; j++)
            list_add(sample->arena, &table->pairs, (SamplePair){named[i], named[j], true, {0}});
}

static const struct ArrowArray *array_of(SampleColumn **columns, const SampleColumn *column,
                                         const Batch *batch)
{
    for (int64_t c = 0; c < batch->array.n_children; c++)
        if (columns[c] == column)
            return batch->array.children[c];
    return NULL;
}

static void add_pair(Sample *sample, SamplePair *pair, SampleColumn **columns, const Batch *batch)
{
    const struct ArrowArray *first = array_of(columns, pair->first, batch);
    const struct ArrowArray *second = array_of(columns, pair->second, batch);
    pair->is_unique = pair->is_unique && first && second;
    for (uint64_t row = 0; pair->is_unique && row < batch_rows(batch); row++) {
        if (array_is_null(first, row) || array_is_null(second, row)) {
            pair->is_unique = false;
        } else if (pair->keys.len < SAMPLE_KEYS) {
            Str a = array_bytes(first, row), b = array_bytes(second, row);
            uint64_t hash[2] = {hash64(b, hash64(a, 1)) | 1, hash64(b, hash64(a, 2))};
            pair->is_unique = keys_add(&pair->keys, sample->arena, hash);
        }
    }
}

static void add_batch(Sample *sample, SampleColumn **columns, const Batch *batch)
{
    for (int64_t c = 0; c < batch->array.n_children; c++)
        for (uint64_t row = 0; row < batch_rows(batch); row++) {
            const struct ArrowArray *array = batch->array.children[c];
            if (array_is_null(array, row))
                columns[c]->null_count++;
            else
                add_value(sample, columns[c], array_bytes(array, row));
        }
}

/* A type that holds what was seen so far and in this file. */
static void meet_type(Arena *arena, SampleColumn *column, const Field *seen)
{
    Field out;
    if (column->type.type == ARROW_NULL) {
        column->type = *seen;
        return;
    }
    TypeMeet how = types_meet(arena, &column->type, seen, &out);
    if (how == TYPES_WIDEN)
        column->type = out;
    else if (how == TYPES_CLASH)
        column->type = (Field){.type = ARROW_TEXT};
}

typedef struct Bytes {
    Str text;
    bool is_done;
    uint64_t bad_rows;
} Bytes;

static bool give_bytes(void *self, Str *piece, Err *err)
{
    (void)err;
    Bytes *bytes = self;
    *piece = bytes->is_done ? STR("") : bytes->text;
    bytes->is_done = true;
    return true;
}

static Verdict count_bad(void *context, const BadValue *bad)
{
    Bytes *bytes = context;
    bytes->bad_rows++;
    (void)bad;
    return VERDICT_NULL;
}

/* Every record as texts. */
static bool read_rows(Sample *sample, SampleTable *table, const CsvOptions *csv,
                      const Schema *schema, Bytes *bytes, Str name, Err *err)
{
    Arena scratch = {0};
    Schema texts = schema_copy(&scratch, schema);
    SampleColumn **columns = NEW_N(&scratch, SampleColumn *, schema->count);
    uint64_t *before = NEW_N(&scratch, uint64_t, schema->count), rows = table->row_count;
    for (uint32_t i = 0; i < schema->count; i++) {
        texts.fields[i] = (Field){.name = schema->fields[i].name, .type = ARROW_TEXT};
        columns[i] = table_column(sample, table, schema->fields[i].name);
        before[i] = columns[i]->value_count;
    }
    if (!table->row_count && !table->pairs.len)
        make_pairs(sample, table, columns, schema->count);
    RecordOptions options = {
        .format = FORMAT_CSV, .csv = *csv, .schema = texts, .file = name, .read = give_bytes,
        .source = bytes, .on_bad = count_bad, .context = bytes, .line_column = -1};
    Stream stream;
    bool ok = records_stream(&scratch, &options, &stream, err), is_open = ok;
    for (bool has = true; ok && has;) {
        Batch batch = {0};
        ok = stream.next(stream.self, &batch, err);
        has = ok && batch_rows(&batch);
        if (has) {
            add_batch(sample, columns, &batch);
            for (uint32_t i = 0; i < table->pairs.len; i++)
                add_pair(sample, &table->pairs.at[i], columns, &batch);
            table->row_count += batch_rows(&batch);
        }
        batch_drop(&batch);
    }
    if (is_open)
        stream_close(&stream);
    for (uint32_t i = 0; ok && i < schema->count; i++)
        if (columns[i]->value_count > before[i])
            meet_type(sample->arena, columns[i], &schema->fields[i]);
    sample->row_count += table->row_count - rows;
    arena_drop(&scratch);
    return ok;
}

/* What is plainly no CSV, by its first bytes. */
static const char *looks_like(Str text)
{
    Str head = str_trim(str_slice(text, 0, 4096));
    bool is_wide = str_starts(text, STR("\xff\xfe")) || str_starts(text, STR("\xfe\xff"));
    if (str_starts(head, STR("PAR1")))
        return "a Parquet file";
    if (str_find_char(str_slice(text, 0, 4096), '\0') >= 0 && !is_wide)
        return "a binary file: it holds NUL bytes";
    if (str_starts(head, STR("<")))
        return "XML or a web page";
    if (str_starts(head, STR("{")) || str_starts(head, STR("[{")))
        return "JSON";
    return NULL;
}

static bool sniff(Arena *arena, Str text, Str encoding, CsvOptions *csv, Schema *schema, Err *err)
{
    CsvOptions options = {.has_header = -1, .encoding = encoding};
    CsvSniffer *sniffer = csv_sniffer_make(arena, &options);
    TRY(csv_sniffer_feed(sniffer, text, err));
    return csv_sniffer_end(sniffer, csv, schema, err);
}

static bool read_csv(Visit *visit, SampleTable *table, Str name, Err *err)
{
    Sample *sample = visit->sample;
    AUTO(err) Err why = {0};
    Arena scratch = {0};
    CsvOptions csv;
    Schema schema;
    const char *encoding = "";
    Bytes bytes = {.text = text_str(&visit->text)};
    const char *other = looks_like(bytes.text);
    uint64_t rows = table->row_count;
    if (other)
        return err_set(err, ERR_PARSING, NOWHERE, "'" STR_FMT "' is no CSV but %s", STR_ARG(name),
                       other);
    bool ok = sniff(&scratch, bytes.text, STR_NONE, &csv, &schema, &why);
    if (!ok) {
        encoding = ", read as latin-1: it is no UTF-8, say which `encoding` in csv: of the drop";
        ok = sniff(&scratch, bytes.text, STR("latin-1"), &csv, &schema, err);
    }
    ok = ok && read_rows(sample, table, &csv, &schema, &bytes, name, err);
    if (ok)
        text_print(sample->notes, STR_FMT ": table " STR_FMT ", %u columns, %llu rows%s%s\n",
                   STR_ARG(name), STR_ARG(table->name), schema.count,
                   (unsigned long long)(table->row_count - rows), encoding,
                   csv.has_header == 0 ? ", without a header" : "");
    if (ok && bytes.bad_rows)
        text_print(sample->notes, STR_FMT ": %llu records have too few or too many fields\n",
                   STR_ARG(name), (unsigned long long)bytes.bad_rows);
    arena_drop(&scratch);
    return ok || err_wrap(err, STR_FMT, STR_ARG(name));
}

static bool take_csv(Visit *visit, Str name, Reader *reader, uint64_t *left, Err *err)
{
    Sample *sample = visit->sample;
    PatternMatch match;
    Str piece;
    text_clear(&visit->text);
    do {
        TRY(reader_next(reader, &piece, err));
        text_add(&visit->text, str_slice(piece, 0, *left));
        *left -= piece.len < *left ? piece.len : *left;
    } while (piece.len && *left);
    if (piece.len) { /* cut: the last record may be a part only */
        ptrdiff_t end = str_find_last(text_str(&visit->text), STR("\n"));
        text_truncate(&visit->text, end < 0 ? 0 : (size_t)end + 1);
    }
    sample->bytes += visit->text.len;
    if (!pattern_match(visit->pattern, name, sample->arena, &match)) {
        text_print(sample->notes, STR_FMT ": passed over, its name is not of the pattern " STR_FMT
                   "\n", STR_ARG(name), STR_ARG(sample->pattern));
        return true;
    }
    SampleTable *table = sample_table(sample, match.table);
    table->file_count++;
    if (!str_trim(text_str(&visit->text)).len) {
        text_print(sample->notes, STR_FMT ": table " STR_FMT ", empty\n", STR_ARG(name),
                   STR_ARG(match.table));
        return true;
    }
    return read_csv(visit, table, name, err);
}

bool sample_read(Arena *arena, const Str *paths, uint32_t count, Str members, Text *notes,
                 Sample *out, Err *err)
{
    *out = (Sample){.arena = arena, .notes = notes};
    Visit visit = {.sample = out, .csv = take_name};
    map_init(&out->by_name, arena);
    for (uint32_t i = 0; i < count; i++)
        TRY(visit_file(&visit, paths[i], err));
    TRY(find_pattern(out, members, &visit.pattern, err));
    text_print(notes, "names: " STR_FMT "%s\n", STR_ARG(out->pattern),
               members.len ? "" : " (guessed)");
    visit.csv = take_csv;
    bool ok = true;
    for (uint32_t i = 0; i < count && ok; i++)
        ok = visit_file(&visit, paths[i], err);
    text_drop(&visit.text);
    if (ok && !out->tables.len)
        return err_set(err, ERR_PARSING, NOWHERE, "no file's name is of the pattern " STR_FMT
                       ": there is '" STR_FMT "'", STR_ARG(out->pattern),
                       STR_ARG(out->names.at[0]));
    return ok;
}
