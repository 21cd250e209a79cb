/* mapper.c: batches as they are read into batches as they are written: words, factors, defaults.
 *
 *   in:  a ------------moved-------------> a      out
 *        st  --words--> codes --cells----> status
 *        cents --times 10^-2-------------> amount
 *                        default --------> channel
 *
 * A word is found by a hash table whose slots hold words of up to eight bytes themselves. Texts
 * that stand for themselves (dates in a format, numbers beside words) are parsed once a batch and
 * remembered as words.
 */
#include "drops/mapping.h"

#include <math.h>
#include <stdlib.h>

#include "base/hash.h"

typedef enum StepKind {
    STEP_MOVE, STEP_FILL, STEP_DEFAULT, STEP_WORDS, STEP_TIMES, STEP_SCALE,
} StepKind;

/* Codes that are no cell's number. */
#define CODE_NULL UINT32_MAX             /* NULL, or the default                                */
#define CODE_SELF (UINT32_MAX - 1)       /* the text as it is                                   */
#define CODE_UNKNOWN (UINT32_MAX - 2)    /* to be parsed; told when it cannot be                */
#define CODE_NONE (UINT32_MAX - 3)       /* no slot                                             */

#define LEARNED_MOST 65536               /* words that stand for themselves, at once            */
#define LEARNED_BYTES ((uint64_t)4 << 20)

/* A slot of the word table: the first eight bytes (or the hash) of a word. */
typedef struct WordSlot {
    uint64_t key;
    Str word;
    uint32_t code;               /* CODE_NONE: empty                                              */
} WordSlot;

typedef struct Words {
    WordSlot *slots;
    uint32_t count, room;        /* room: a power of 2, at least twice the count                  */
    unsigned shift;
    MapCell *cells;              /* code -> cell                                                  */
    uint32_t cell_count, cell_room;
    uint64_t bytes;              /* of learned words                                              */
} Words;

typedef struct Step {
    StepKind kind;
    uint32_t from;               /* column that is read                                           */
    const MapColumn *column;     /* NULL: of no mapping                                           */
    Field type, read;
    bool is_required, has_default;
    MapCell fallback;            /* the default; is_null without one                              */
    const char *reason;          /* of what does not fit the type: "no DECIMAL(18,2)"             */
    Builder *builder;            /* of the one column                                             */
    Words words;
    uint32_t unknown;            /* code of a word that is not among them                         */
    Arena *learned;              /* memory of `words`                                             */
    __int128 times, over;        /* STEP_TIMES: read * times / over                               */
    __int128 least, most;
    bool is_beyond;              /* whatever is read, but 0, is out of range                      */
    double scale_times, scale_over;
} Step;

struct Mapper {
    Arena *arena;
    Step *steps;
    uint32_t count;
    uint32_t *codes;             /* of one column's rows                                          */
    uint64_t codes_room;
};

/* What a batch's mapping needs to tell. */
typedef struct Telling {
    void (*violation)(void *context, uint64_t row, Str column, Str value, const char *reason);
    void *context;
} Telling;

/* Bytes a value takes in its buffer; 0: special. */
static unsigned type_width(TypeId type)
{
    static const uint8_t widths[ARROW_TYPE_COUNT] = {
#define AS_WIDTH(id, sql, bytes) [ARROW_##id] = bytes,
        ARROW_TYPES(AS_WIDTH)
#undef AS_WIDTH
    };
    return widths[type];
}

/* ---- texts to values ---- */

typedef struct CellSource {
    Str text;
    bool is_done;
} CellSource;

static bool give_text(void *self, Str *piece, Err *err)
{
    (void)err;
    CellSource *source = self;
    *piece = source->is_done ? STR("") : source->text;
    source->is_done = true;
    return true;
}

static Verdict take_null(void *context, const BadValue *bad)
{
    (void)context;
    (void)bad;
    return VERDICT_NULL;
}

/* The value of a row as a cell; fixed widths by the distance of the values. */
static MapCell cell_of(Arena *arena, const Field *type, const struct ArrowArray *array,
                       uint64_t row)
{
    MapCell cell = {.is_null = array_is_null(array, row)};
    if (cell.is_null)
        return cell;
    uint64_t at = row + (uint64_t)array->offset;
    if (type->type == ARROW_BOOL)
        cell.is_true = ((const uint8_t *)array->buffers[1])[at / 8] >> (at % 8) & 1;
    else if (type->type == ARROW_TEXT || type->type == ARROW_JSON || type->type == ARROW_BINARY)
        cell.bytes = str_copy(arena, array_bytes(array, row));
    else
        cell.bytes = str_copy(arena, (Str){(const char *)array->buffers[1] +
                                               at * type_width(type->type),
                                           type_width(type->type)});
    return cell;
}

/* A quoted field a text; what no field can hold is bad at once. */
static void print_fields(const Str *texts, uint32_t count, MapCell *cells, Text *out)
{
    for (uint32_t i = 0; i < count; i++) {
        bool fits = texts[i].len <= 65536 && str_find_char(texts[i], '\0') < 0 &&
                    utf8_find_invalid(texts[i]) < 0;
        cells[i] = (MapCell){.is_null = true, .is_bad = !fits};
        text_add_char(out, '"');
        for (size_t at = 0; fits && at < texts[i].len; at++)
            if (texts[i].at[at] == '"')
                text_add_c(out, "\"\"");
            else
                text_add_char(out, texts[i].at[at]);
        text_add_c(out, "\"\n");
    }
}

/* Not texts: as a CSV of one column. */
static bool parse_cells(Arena *arena, const Field *type, const CsvOptions *csv, const Str *texts,
                        uint32_t count, MapCell *out, Err *err)
{
    AUTO(text) Text fields = {0};
    Arena scratch = {0};
    Field field = *type;
    field.name = STR("column_1");
    field.is_required = false;
    print_fields(texts, count, out, &fields);
    CellSource source = {text_str(&fields), false};
    RecordOptions options = {
        .format = FORMAT_CSV,
        .csv = *csv,
        .schema = {&field, 1},
        .read = give_text,
        .source = &source,
        .on_bad = take_null,
        .line_column = -1,
    };
    Stream stream;
    bool ok = records_stream(&scratch, &options, &stream, err);
    bool is_open = ok;
    uint32_t row = 0;
    while (ok) {
        Batch batch = {0};
        ok = stream.next(stream.self, &batch, err);
        uint64_t rows = ok ? batch_rows(&batch) : 0;
        for (uint64_t i = 0; i < rows && row < count; i++, row++) {
            bool was_bad = out[row].is_bad;
            out[row] = cell_of(arena, type, batch.array.children[0], i);
            out[row].is_bad = was_bad || (out[row].is_null && texts[row].len);
        }
        batch_drop(&batch);
        if (!rows)
            break;
    }
    if (is_open)
        stream_close(&stream);
    arena_drop(&scratch);
    assert(!ok || row == count);
    return ok;
}

bool map_cells(Arena *arena, const Field *type, Str date_format, Str timestamp_format,
               const Str *texts, uint32_t count, MapCell *out, Err *err)
{
    CsvOptions csv = {
        .delimiter = ',',
        .quote = '"',
        .has_header = 0,
        .encoding = STR("utf-8"),
        .decimal_mark = STR("."),
        .date_format = date_format,
        .timestamp_format = timestamp_format,
    };
    if (type->type != ARROW_TEXT)
        return parse_cells(arena, type, &csv, texts, count, out, err);
    for (uint32_t i = 0; i < count; i++)
        out[i] = (MapCell){.bytes = str_copy(arena, texts[i])};
    return true;
}

/* ---- the word table ---- */

/* Bytes of short words as one number; `end`: as far as may be read. */
static inline uint64_t short_key(const char *at, size_t len, const char *end)
{
    uint64_t key = 0;
    if (end - at >= 8) {
        memcpy(&key, at, 8);
        return len ? key & (UINT64_MAX >> (64 - 8 * len)) : 0;
    }
    memcpy(&key, at, len);
    return key;
}

static inline uint64_t word_key(Str word, const char *end)
{
    return word.len <= 8 ? short_key(word.at, word.len, end) : hash64(word, 0);
}

static inline uint32_t word_slot(const Words *words, uint64_t key, size_t len)
{
    return (uint32_t)(((key ^ len) * 0x9e3779b97f4a7c15ULL) >> words->shift);
}

/* The code of a word, or CODE_NONE. */
static inline uint32_t word_find(const Words *words, Str word, const char *end)
{
    uint64_t key = word_key(word, end);
    for (uint32_t at = word_slot(words, key, word.len);; at = (at + 1) & (words->room - 1)) {
        const WordSlot *slot = &words->slots[at];
        if (slot->code == CODE_NONE)
            return CODE_NONE;
        if (slot->key == key && slot->word.len == word.len &&
            (word.len <= 8 || memcmp(slot->word.at, word.at, word.len) == 0))
            return slot->code;
    }
}

static void words_put(Words *words, Str word, uint32_t code)
{
    uint64_t key = word_key(word, word.at + word.len);
    uint32_t at = word_slot(words, key, word.len);
    while (words->slots[at].code != CODE_NONE)
        at = (at + 1) & (words->room - 1);
    words->slots[at] = (WordSlot){key, word, code};
    words->count++;
}

/* Room for `more` words, twice over. */
static void words_reserve(Words *words, Arena *arena, uint32_t more)
{
    if (words->slots && (words->count + more) * 2 <= words->room)
        return;
    Words old = *words;
    words->room = words->room ? words->room : 16;
    while (words->room < (words->count + more) * 2)
        words->room *= 2;
    words->shift = 64 - (unsigned)__builtin_ctz(words->room);
    words->slots = NEW_N(arena, WordSlot, words->room);
    words->count = 0;
    for (uint32_t i = 0; i < words->room; i++)
        words->slots[i].code = CODE_NONE;
    for (uint32_t i = 0; i < old.room; i++)
        if (old.slots[i].code != CODE_NONE)
            words_put(words, old.slots[i].word, old.slots[i].code);
}

static uint32_t words_add_cell(Words *words, Arena *arena, MapCell cell)
{
    if (words->cell_count == words->cell_room) {
        uint32_t room = words->cell_room ? words->cell_room * 2 : 16;
        words->cells = arena_grow(arena, words->cells, words->cell_room * sizeof(MapCell),
                                  room * sizeof(MapCell), _Alignof(MapCell));
        words->cell_room = room;
    }
    words->cells[words->cell_count] = cell;
    return words->cell_count++;
}

/* ---- making ---- */

static bool fail_cell(const MapColumn *column, const Field *type, Str text, Err *err)
{
    AUTO(text) Text shown = {0};
    field_print_type(type, &shown);
    return err_set(err, ERR_PARSING, NOWHERE, "the mapping's '" STR_FMT "' is no " STR_FMT
                   ", which column '" STR_FMT "' has become", STR_ARG(text),
                   STR_ARG(text_str(&shown)), STR_ARG(column->name));
}

/* A text (or NONE) of the mapping as the code of a cell; NULL is the default. */
static bool cell_code(const Step *step, Arena *arena, Words *words, Value text, uint32_t *code,
                      Err *err)
{
    Str word = value_str(text);
    MapCell cell;
    *code = CODE_NULL;
    if (text.kind != VALUE_TEXT)
        return true;
    TRY(map_cells(arena, &step->type, STR_NONE, STR_NONE, &word, 1, &cell, err));
    if (cell.is_bad)
        return fail_cell(step->column, &step->type, word, err);
    if (!cell.is_null)
        *code = words_add_cell(words, arena, cell);
    return true;
}

/* The words of the mapping; those learned since are forgotten. */
static bool words_begin(Step *step, Err *err)
{
    Words *words = &step->words;
    const MapColumn *column = step->column;
    arena_reset(step->learned);
    *words = (Words){0};
    words_reserve(words, step->learned, 1);
    Value key, text;
    if (column->values.kind == VALUE_DICT)
        words_reserve(words, step->learned, column->values.dict->len);
    for (uint32_t at = 0; column->values.kind == VALUE_DICT &&
                          dict_next(column->values.dict, &at, &key, &text);) {
        uint32_t code;
        TRY(cell_code(step, step->learned, words, text, &code, err));
        words_put(words, value_str(key), code);
    }
    step->unknown = CODE_UNKNOWN;
    if (!value_is_undefined(column->other_word))
        return cell_code(step, step->learned, words, column->other_word, &step->unknown, err);
    if (!column->values_are_all && step->type.type == ARROW_TEXT)
        step->unknown = CODE_SELF;
    return true;
}

static void drop_arena(void *what)
{
    arena_drop(what);
}

static bool fail_types(const Step *step, Err *err)
{
    AUTO(text) Text read = {0}, written = {0};
    field_print_type(&step->read, &read);
    field_print_type(&step->type, &written);
    return err_set(err, ERR_INTERNAL, NOWHERE, "column '" STR_FMT "' is read as %s and should be "
                   "written as %s: no step leads there", STR_ARG(step->type.name), read.at,
                   written.at);
}

static __int128 ten_to(int exponent)
{
    __int128 power = 1;
    while (exponent-- > 0)
        power *= 10;
    return power;
}

/* The range of a whole number or a decimal's digits. */
static void set_range(Step *step)
{
    unsigned bits = 8 * type_width(step->type.type);
    bool is_signed = step->type.type >= ARROW_INT8 && step->type.type <= ARROW_INT64;
    if (step->type.type == ARROW_DECIMAL) {
        step->most = ten_to(step->type.precision) - 1;
        step->least = -step->most;
    } else {
        step->most = ((__int128)1 << (bits - is_signed)) - 1;
        step->least = is_signed ? -step->most - 1 : 0;
    }
}

static bool make_factor(Step *step, Err *err)
{
    MapFactor factor = {0};
    bool is_factor = map_factor(step->column->multiply, &factor);
    assert(is_factor);
    bool is_real = step->read.type == ARROW_DOUBLE || step->read.type == ARROW_FLOAT;
    if (!type_is_numeric(step->read.type) || !type_is_numeric(step->type.type))
        return fail_types(step, err);
    if (step->type.type == ARROW_DOUBLE || step->type.type == ARROW_FLOAT) {
        bool is_power = factor.mantissa == 1 || factor.mantissa == -1;
        step->kind = STEP_SCALE;
        step->scale_times = is_power && factor.exponent < 0
                                ? (double)factor.mantissa
                                : strtod(str_c(step->learned, step->column->multiply), NULL);
        step->scale_over = is_power && factor.exponent < 0 ? (double)ten_to(-factor.exponent) : 1;
        return true;
    }
    if (is_real)
        return fail_types(step, err);
    int power = factor.exponent + (step->type.type == ARROW_DECIMAL ? step->type.scale : 0) -
                (step->read.type == ARROW_DECIMAL ? step->read.scale : 0);
    step->kind = STEP_TIMES;
    step->is_beyond = power < -38 || power > 38 ||
                      __builtin_mul_overflow((__int128)factor.mantissa,
                                             ten_to(power > 0 ? power : 0), &step->times);
    step->over = ten_to(power < 0 && power >= -38 ? -power : 0);
    set_range(step);
    return true;
}

/* What leads from the column that is read to the one that is written. */
static bool make_step(Arena *arena, const MapTable *table, const Map *read_names,
                      const Schema *read, const Field *written, Step *out, Err *err)
{
    AUTO(text) Text type = {0};
    Str fold = str_lower(arena, written->name);
    const Field *field = map_find(read_names, fold);
    const MapColumn *column = map_find(&table->by_name, fold);
    *out = (Step){.kind = STEP_MOVE, .column = column, .type = *written, .fallback.is_null = true};
    out->is_required = column && column->is_required;
    field_print_type(written, &type);
    out->reason = str_print(arena, "no " STR_FMT, STR_ARG(text_str(&type))).at;
    out->has_default = column && column->otherwise.kind == VALUE_TEXT;
    if (out->has_default) {
        Str text = value_str(column->otherwise);
        TRY(map_cells(arena, written, STR_NONE, STR_NONE, &text, 1, &out->fallback, err));
        if (out->fallback.is_bad)
            return fail_cell(column, written, text, err);
        out->has_default = !out->fallback.is_null;
    }
    if (field) {
        out->from = (uint32_t)(field - read->fields);
        out->read = *field;
    }
    bool has_words = column && (column->values.kind == VALUE_DICT || column->date_format.len ||
                                column->timestamp_format.len);
    if (has_words || (column && column->multiply.len)) {
        out->learned = NEW(arena, Arena);
        arena_on_drop(arena, drop_arena, out->learned);
    }
    if (!field) {
        out->kind = STEP_FILL;
    } else if (has_words) {
        out->kind = STEP_WORDS;
        if (field->type != ARROW_TEXT)
            return fail_types(out, err);
        TRY(words_begin(out, err));
    } else if (column && column->multiply.len) {
        TRY(make_factor(out, err));
    } else if (!field_same_type(field, written)) {
        return fail_types(out, err);
    } else if (out->has_default) {
        out->kind = STEP_DEFAULT;
    }
    if (out->kind != STEP_MOVE) {
        Field *one = NEW(arena, Field);
        *one = *written;
        Schema *schema = NEW(arena, Schema);
        *schema = (Schema){one, 1};
        out->builder = builder_make(arena, schema);
    }
    return true;
}

bool mapper_make(Arena *arena, const MapTable *table, const Schema *read, const Schema *written,
                 Mapper **out, Err *err)
{
    Mapper *mapper = NEW(arena, Mapper);
    Map names;
    bool has_work = read->count != written->count;
    map_init(&names, arena);
    for (uint32_t i = 0; i < read->count; i++)
        map_put(&names, str_lower(arena, read->fields[i].name), &read->fields[i]);
    mapper->arena = arena;
    mapper->count = written->count;
    mapper->steps = NEW_N(arena, Step, (size_t)written->count + 1);
    for (uint32_t i = 0; i < written->count; i++) {
        Step *step = &mapper->steps[i];
        TRY(make_step(arena, table, &names, read, &written->fields[i], step, err));
        has_work = has_work || step->kind != STEP_MOVE || step->from != i || step->is_required;
    }
    *out = has_work ? mapper : NULL;
    return true;
}

/* ---- columns ---- */

static void tell(const Telling *telling, const Step *step, uint64_t row, Str value,
                 const char *reason)
{
    telling->violation(telling->context, row, step->type.name, value, reason);
}

static void tell_missing(const Telling *telling, const Step *step, uint64_t row)
{
    if (step->is_required)
        tell(telling, step, row, STR(""), "required");
}

/* Adds a cell's value, or NULL. */
static void add_cell(const Step *step, ColumnBuilder *column, const MapCell *cell)
{
    if (cell->is_null)
        column_add_null(column);
    else if (step->type.type == ARROW_BOOL)
        column_add_bool(column, cell->is_true);
    else if (!column->width)
        column_add_bytes(column, cell->bytes);
    else {
        memcpy(column_reserve(column, 1), cell->bytes.at, column->width);
        column_filled(column, 1);
    }
}

/* A value of the column that is read as a cell: views of it. */
static MapCell cell_at(const Step *step, const struct ArrowArray *array, uint64_t row)
{
    uint64_t at = row + (uint64_t)array->offset;
    unsigned width = type_width(step->type.type);
    if (step->type.type == ARROW_BOOL)
        return (MapCell){.is_true = ((const uint8_t *)array->buffers[1])[at / 8] >> (at % 8) & 1};
    if (width)
        return (MapCell){.bytes = {(const char *)array->buffers[1] + at * width, width}};
    return (MapCell){.bytes = array_bytes(array, row)};
}

static uint64_t array_nulls(const struct ArrowArray *array)
{
    if (array->null_count >= 0)
        return (uint64_t)array->null_count;
    uint64_t count = 0;
    for (uint64_t row = 0; row < (uint64_t)array->length; row++)
        count += array_is_null(array, row);
    return count;
}

static void fill_default(const Step *step, const struct ArrowArray *in, uint64_t rows,
                         const Telling *telling)
{
    ColumnBuilder *column = builder_column(step->builder, 0);
    for (uint64_t row = 0; row < rows; row++) {
        bool is_null = !in || array_is_null(in, row);
        MapCell cell = is_null ? step->fallback : cell_at(step, in, row);
        if (cell.is_null)
            tell_missing(telling, step, row);
        add_cell(step, column, &cell);
    }
}

/* ---- words ---- */

/* The code of every row; how many are CODE_UNKNOWN. */
static uint64_t find_codes(const Step *step, const struct ArrowArray *in, uint32_t *codes)
{
    uint64_t rows = (uint64_t)in->length, unknown_count = 0;
    const uint8_t *validity = in->buffers[0];
    const int32_t *offsets = (const int32_t *)in->buffers[1] + in->offset;
    const char *bytes = in->buffers[2], *end = bytes ? bytes + offsets[rows] : NULL;
    uint64_t first = (uint64_t)in->offset;
    for (uint64_t row = 0; row < rows; row++) {
        if (validity && !(validity[(first + row) / 8] >> ((first + row) % 8) & 1)) {
            codes[row] = CODE_NULL;
            continue;
        }
        Str word = {bytes + offsets[row], (size_t)(offsets[row + 1] - offsets[row])};
        if (!word.len)
            word = STR("");
        uint32_t code = word_find(&step->words, word, word.len ? end : word.at);
        codes[row] = code == CODE_NONE ? step->unknown : code;
        unknown_count += codes[row] == CODE_UNKNOWN;
    }
    return unknown_count;
}

/* Parses the words that stand for themselves, each once, and learns them. */
static bool learn_words(Step *step, const struct ArrowArray *in, const uint32_t *codes, Err *err)
{
    Words *words = &step->words;
    Arena scratch = {0};
    List(Str) fresh = {0};
    if (words->count > LEARNED_MOST || words->bytes > LEARNED_BYTES)
        TRY(words_begin(step, err));
    uint32_t known = words->cell_count;
    for (uint64_t row = 0; row < (uint64_t)in->length; row++) {
        Str word = codes[row] == CODE_UNKNOWN ? array_bytes(in, row) : STR_NONE;
        if (!word.at || word_find(words, word, word.at + word.len) != CODE_NONE)
            continue;
        Str copy = str_copy(step->learned, word);
        words->bytes += word.len + sizeof(WordSlot);
        words_reserve(words, step->learned, 1);
        words_put(words, copy, words_add_cell(words, step->learned, (MapCell){0}));
        list_add(&scratch, &fresh, copy);
    }
    bool ok = true;
    if (step->column->values_are_all)
        for (uint32_t i = 0; i < fresh.len; i++)
            words->cells[known + i] = (MapCell){.is_null = true, .is_bad = true};
    else
        ok = map_cells(step->learned, &step->type, step->column->date_format,
                       step->column->timestamp_format, fresh.at, fresh.len, words->cells + known,
                       err);
    arena_drop(&scratch);
    return ok;
}

/* What a code means, told where it is nothing. */
static inline const MapCell *cell_of_code(const Step *step, const struct ArrowArray *in,
                                          const uint32_t *codes, uint64_t row,
                                          const Telling *telling)
{
    const MapCell *cell = codes[row] < CODE_NONE ? &step->words.cells[codes[row]] : &step->fallback;
    if (__builtin_expect(cell->is_null, false)) {
        if (cell->is_bad)
            tell(telling, step, row, array_bytes(in, row),
                 step->column->values_are_all ? "not among `values`" : step->reason);
        else
            tell_missing(telling, step, row);
    }
    return cell;
}

/* Texts that are replaced by texts, or stay. */
static void put_texts(const Step *step, const struct ArrowArray *in, const uint32_t *codes,
                      const Telling *telling)
{
    ColumnBuilder *column = builder_column(step->builder, 0);
    for (uint64_t row = 0; row < (uint64_t)in->length; row++) {
        if (codes[row] == CODE_SELF) {
            column_add_bytes(column, array_bytes(in, row));
            continue;
        }
        const MapCell *cell = cell_of_code(step, in, codes, row, telling);
        if (cell->is_null)
            column_add_null(column);
        else
            column_add_bytes(column, cell->bytes);
    }
}

/* Texts that become bits, or values of a fixed width. */
static void put_values(const Step *step, const struct ArrowArray *in, const uint32_t *codes,
                       const Telling *telling)
{
    ColumnBuilder *column = builder_column(step->builder, 0);
    uint64_t rows = (uint64_t)in->length;
    unsigned width = column->width;
    if (!width) {
        for (uint64_t row = 0; row < rows; row++)
            add_cell(step, column, cell_of_code(step, in, codes, row, telling));
        return;
    }
    char *values = column_reserve(column, (uint32_t)rows);
    column_filled(column, (uint32_t)rows);
    for (uint64_t row = 0; row < rows; row++) {
        const MapCell *cell = cell_of_code(step, in, codes, row, telling);
        if (cell->is_null) {
            memset(values + row * width, 0, width);
            column_set_null(column, row);
        } else {
            memcpy(values + row * width, cell->bytes.at, width);
        }
    }
}

static bool apply_words(Mapper *mapper, Step *step, const struct ArrowArray *in,
                        const Telling *telling, Err *err)
{
    uint64_t rows = (uint64_t)in->length;
    if (rows > mapper->codes_room) {
        mapper->codes_room = rows;
        mapper->codes = NEW_N(mapper->arena, uint32_t, rows);
    }
    uint32_t *codes = mapper->codes;
    if (find_codes(step, in, codes)) {
        TRY(learn_words(step, in, codes, err));
        find_codes(step, in, codes);
    }
    TypeId type = step->type.type;
    if (type == ARROW_TEXT || type == ARROW_JSON || type == ARROW_BINARY)
        put_texts(step, in, codes, telling);
    else
        put_values(step, in, codes, telling);
    return true;
}

/* ---- numbers ---- */

/* The number read, as it lies there: a decimal's digits. */
static inline __int128 number_at(const Step *step, const char *values, uint64_t at)
{
    __int128 wide;
    switch (step->read.type) {
    case ARROW_DECIMAL: memcpy(&wide, values + at * 16, 16); return wide;
    case ARROW_INT64: return ((const int64_t *)(const void *)values)[at];
    case ARROW_INT32: return ((const int32_t *)(const void *)values)[at];
    case ARROW_INT16: return ((const int16_t *)(const void *)values)[at];
    case ARROW_INT8: return ((const int8_t *)values)[at];
    case ARROW_UINT64: return ((const uint64_t *)(const void *)values)[at];
    case ARROW_UINT32: return ((const uint32_t *)(const void *)values)[at];
    case ARROW_UINT16: return ((const uint16_t *)(const void *)values)[at];
    default: return ((const uint8_t *)values)[at];
    }
}

/* read * times / over; false: a rest, or out of range. */
static inline bool number_times(const Step *step, __int128 number, __int128 *out)
{
    __int128 product;
    if (step->is_beyond) {
        *out = 0;
        return number == 0;
    }
    if ((int64_t)number == number && (int64_t)step->times == step->times)
        product = (__int128)(int64_t)number * (int64_t)step->times;
    else if (__builtin_mul_overflow(number, step->times, &product))
        return false;
    if (step->over != 1) {
        bool is_small = (int64_t)product == product && (int64_t)step->over == step->over;
        if (is_small ? (int64_t)product % (int64_t)step->over : product % step->over)
            return false;
        product = is_small ? (int64_t)product / (int64_t)step->over : product / step->over;
    }
    *out = product;
    return product >= step->least && product <= step->most;
}

static void put_number(char *values, unsigned width, uint64_t row, __int128 number)
{
    memcpy(values + row * width, &number, width);
}

static void tell_number(const Step *step, const struct ArrowArray *in, uint64_t row,
                        const Telling *telling)
{
    AUTO(text) Text text = {0};
    array_print(&step->read, in, row, &text);
    tell(telling, step, row, text_str(&text), step->reason);
}

static void apply_times(const Step *step, const struct ArrowArray *in, const Telling *telling)
{
    ColumnBuilder *column = builder_column(step->builder, 0);
    uint64_t rows = (uint64_t)in->length;
    unsigned width = type_width(step->type.type);
    char *values = column_reserve(column, (uint32_t)rows);
    column_filled(column, (uint32_t)rows);
    for (uint64_t row = 0; row < rows; row++) {
        __int128 number;
        bool is_null = array_is_null(in, row);
        if (!is_null && number_times(step, number_at(step, in->buffers[1],
                                                     row + (uint64_t)in->offset), &number)) {
            put_number(values, width, row, number);
            continue;
        }
        put_number(values, width, row, 0);
        if (!is_null) {
            tell_number(step, in, row, telling);
            column_set_null(column, row);
        } else if (step->has_default) {
            memcpy(values + row * width, step->fallback.bytes.at, width);
        } else {
            tell_missing(telling, step, row);
            column_set_null(column, row);
        }
    }
}

/* The number read as a double. */
static double real_at(const Step *step, const char *values, uint64_t at)
{
    if (step->read.type == ARROW_DOUBLE)
        return ((const double *)(const void *)values)[at];
    if (step->read.type == ARROW_FLOAT)
        return (double)((const float *)(const void *)values)[at];
    double number = (double)number_at(step, values, at);
    return step->read.type == ARROW_DECIMAL ? number / (double)ten_to(step->read.scale) : number;
}

static void apply_scale(const Step *step, const struct ArrowArray *in, const Telling *telling)
{
    ColumnBuilder *column = builder_column(step->builder, 0);
    bool is_float = step->type.type == ARROW_FLOAT;
    for (uint64_t row = 0; row < (uint64_t)in->length; row++) {
        if (array_is_null(in, row)) {
            if (step->fallback.is_null)
                tell_missing(telling, step, row);
            add_cell(step, column, &step->fallback);
            continue;
        }
        double read = real_at(step, in->buffers[1], row + (uint64_t)in->offset);
        double real = read * step->scale_times / step->scale_over;
        if (isfinite(read) && !isfinite(is_float ? (double)(float)real : real)) {
            tell_number(step, in, row, telling);
            column_add_null(column);
        } else {
            column_add_double(column, real);
        }
    }
}

/* ---- batches ---- */

/* What a batch put together from others needs; it lies in its own arena. */
typedef struct Box {
    Arena arena;
    const void *buffers[1];
    struct ArrowArray **children;
} Box;

static void box_release(struct ArrowArray *array)
{
    Box *box = array->private_data;
    for (int64_t i = 0; i < array->n_children; i++)
        if (box->children[i]->release)
            box->children[i]->release(box->children[i]);
    Arena arena = box->arena;
    array->release = NULL;
    arena_drop(&arena);
}

static void box_init(struct ArrowArray *array, uint32_t count, uint64_t rows)
{
    Arena arena = {0};
    Box *box = NEW(&arena, Box);
    struct ArrowArray *children = NEW_N(&arena, struct ArrowArray, (size_t)count + 1);
    box->children = NEW_N(&arena, struct ArrowArray *, (size_t)count + 1);
    for (uint32_t i = 0; i < count; i++)
        box->children[i] = &children[i];
    *array = (struct ArrowArray){
        .length = (int64_t)rows,
        .n_buffers = 1,
        .n_children = count,
        .buffers = box->buffers,
        .children = box->children,
        .release = box_release,
        .private_data = box,
    };
    box->arena = arena;
}

/* A child changes its owner. */
static void move_array(struct ArrowArray *from, struct ArrowArray *to)
{
    assert(from->release); /* each column goes to one place only */
    *to = *from;
    from->release = NULL;
}

static void check_required(const Step *step, const struct ArrowArray *array,
                           const Telling *telling)
{
    if (!step->is_required || !array_nulls(array))
        return;
    for (uint64_t row = 0; row < (uint64_t)array->length; row++)
        if (array_is_null(array, row))
            tell_missing(telling, step, row);
}

static bool apply_step(Mapper *mapper, Step *step, Batch *in, Batch *out, uint32_t number,
                       const Telling *telling, Err *err)
{
    struct ArrowArray *read = step->kind == STEP_FILL ? NULL : in->array.children[step->from];
    bool moves = step->kind == STEP_MOVE || (step->kind == STEP_DEFAULT && !array_nulls(read));
    if (moves) {
        check_required(step, read, telling);
        move_array(read, out->array.children[number]);
        return true;
    }
    switch (step->kind) {
    case STEP_WORDS: TRY(apply_words(mapper, step, read, telling, err)); break;
    case STEP_TIMES: apply_times(step, read, telling); break;
    case STEP_SCALE: apply_scale(step, read, telling); break;
    default: fill_default(step, read, batch_rows(in), telling);
    }
    Batch made;
    builder_finish(step->builder, &made);
    move_array(made.array.children[0], out->array.children[number]);
    out->bytes += made.bytes;
    batch_drop(&made);
    return true;
}

bool mapper_apply(Mapper *mapper, Batch *in, Batch *out,
                  void (*violation)(void *context, uint64_t row, Str column, Str value,
                                    const char *reason),
                  void *context, Err *err)
{
    Telling telling = {violation, context};
    Batch made = {.bytes = in->bytes};
    bool ok = true;
    box_init(&made.array, mapper->count, batch_rows(in));
    for (uint32_t i = 0; i < mapper->count && ok; i++)
        ok = apply_step(mapper, &mapper->steps[i], in, &made, i, &telling, err);
    batch_drop(in);
    if (ok)
        *out = made;
    else
        batch_drop(&made);
    return ok;
}
