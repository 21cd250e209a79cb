/* tables.c: see tables.h. */
#include "tables.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ABSENT = 0xffff, CELL_MAX = 256 };

/* ---- buffers ---- */

void buffer_reserve(Buffer *buffer, size_t more)
{
    if (buffer->cap - buffer->len >= more)
        return;
    size_t cap = buffer->cap == 0 ? 65536 : buffer->cap * 2;
    while (cap - buffer->len < more)
        cap *= 2;
    char *grown = realloc(buffer->at, cap);
    if (grown == NULL) {
        fprintf(stderr, "drops-generate: out of memory\n");
        exit(1);
    }
    buffer->at = grown;
    buffer->cap = cap;
}

void buffer_add(Buffer *buffer, const void *bytes, size_t len)
{
    buffer_reserve(buffer, len);
    if (len != 0)
        memcpy(buffer->at + buffer->len, bytes, len);
    buffer->len += len;
}

void buffer_print(Buffer *buffer, const char *format, ...)
{
    char text[4096];
    va_list values;
    va_start(values, format);
    int len = vsnprintf(text, sizeof text, format, values);
    va_end(values);
    buffer_add(buffer, text, len < (int)sizeof text ? (size_t)len : sizeof text - 1);
}

void buffer_drop(Buffer *buffer)
{
    free(buffer->at);
    *buffer = (Buffer){0};
}

/* ---- tables ---- */

typedef enum Kind {
    CELL_KEY,          /* the row's number in a range of the day                                  */
    CELL_ID,           /* 1 .. span                                                               */
    CELL_INT,          /* low .. low + span                                                       */
    CELL_DRIFTING,     /* BIGINT, DOUBLE or text, by the layout's variant                         */
    CELL_CODE,         /* the same, but never DOUBLE                                              */
    CELL_AMOUNT,       /* two decimals; style B: cents                                            */
    CELL_DOUBLE,       /* eighths                                                                 */
    CELL_BOOL,
    CELL_DATE,         /* within `span` days before the drop's                                    */
    CELL_STAMP,        /* to the second, on the drop's day                                        */
    CELL_STAMP_MICRO,
    CELL_WORD,         /* of `words`                                                              */
    CELL_STATUS,       /* of `words`; style B: one letter                                         */
    CELL_NAME, CELL_EMAIL, CELL_PHONE, CELL_URL,
    CELL_HEX,          /* 16 digits                                                               */
    CELL_UUID,
    CELL_NOTE,         /* prose with quotes, commas and line ends                                 */
    CELL_JSON,
} Kind;

typedef enum Presence {
    ALWAYS,
    RARE,              /* with drift: missing from every fifth file                               */
    LATE,              /* with drift: in every fourth file; from generation 1: in all             */
    NEW,               /* from generation 1                                                       */
    RENAMED,           /* with drift: under another name in every sixth file                      */
} Presence;

typedef struct Column {
    const char *name, *name_b;       /* name_b NULL: the same                                     */
    Kind kind;
    uint32_t low, span;
    const char *const *words;
    uint32_t word_count;
    uint32_t null_share;             /* of 10,000; 0: never NULL                                  */
    Presence presence;
    const char *renamed;
} Column;

typedef struct Table {
    const char *name, *name_b;
    const Column *columns;
    uint32_t column_count, weight;
} Table;

static const char *const statuses[] = {"active", "inactive", "pending", "shipped", "returned"};
static const char *const channels[] = {"web", "app", "store", "phone", "partner"};
static const char *const currencies[] = {"EUR", "USD", "GBP", "KRW", "JPY", "SEK", "PLN"};
static const char *const countries[] = {"DE", "FR", "KR", "US", "GB", "BR", "JP", "SE", "PL", "IT"};
static const char *const cities[] = {"Berlin", "Lyon", "Seoul", "Austin", "Leeds", "Recife",
                                     "München", "Malmö", "Łódź", "Torino", "서울", "São Paulo"};
static const char *const segments[] = {"consumer", "business", "public", "education"};
static const char *const methods[] = {"card", "transfer", "cash", "wallet", "invoice"};
static const char *const event_types[] = {"view", "click", "add_to_cart", "checkout", "search",
                                          "login", "logout", "share"};
static const char *const tiers[] = {"bronze", "silver", "gold"};
static const char *const firsts[] = {"Anna", "Jürgen", "Min-jun", "Zoë", "O'Neil", "Chloé", "Paweł",
                                     "Maria", "\"Bob\"", "Ingrid", "José", "길동"};
static const char *const lasts[] = {"Smith", "Müller", "Kim", "Garcia", "Kowalski", "Rossi", "홍",
                                    "Smith, Jr.", "Nilsson", "Dubois", "O'Brien", "Silva"};
static const char *const notes[] = {
    "Leave at the door", "Call first, please", "He said \"later\"", "Line one\nline two",
    "5\" screen, black", "\"quoted\", with a comma", "a;b;c", "tab\there", "배송 전 연락 주세요",
    "Gift: wrap it,\n\"nicely\",\nthanks", "100 % cotton", "-"};

#define WORDS(list) .words = list, .word_count = sizeof(list) / sizeof *(list)

static const Column order_columns[] = {
    {"order_id", "OrderNo", .kind = CELL_KEY},
    {"customer_id", "ClientNo", .kind = CELL_ID, .span = 200000},
    {"order_date", "OrderDate", .kind = CELL_DATE, .span = 5},
    {"ordered_at", "OrderedAt", .kind = CELL_STAMP},
    {"status", "St", .kind = CELL_STATUS, WORDS(statuses)},
    {"channel", "Channel", .kind = CELL_WORD, WORDS(channels), .presence = RENAMED,
     .renamed = "sales_channel"},
    {"quantity", "Qty", .kind = CELL_DRIFTING, .low = 1, .span = 20},
    {"amount", "AmountCents", .kind = CELL_AMOUNT, .span = 100000},
    {"tax", "TaxCents", .kind = CELL_AMOUNT, .span = 19000},
    {"discount", "Discount", .kind = CELL_DOUBLE, .span = 400, .null_share = 6000},
    {"currency", "Cur", .kind = CELL_WORD, WORDS(currencies)},
    {"is_gift", "Gift", .kind = CELL_BOOL, .null_share = 200},
    {"coupon", "Coupon", .kind = CELL_HEX, .null_share = 9000, .presence = RARE},
    {"sku", "Article", .kind = CELL_CODE, .low = 100000, .span = 900000},
    {"note", "Remark", .kind = CELL_NOTE, .null_share = 7000},
    {"rating", "Rating", .kind = CELL_DOUBLE, .span = 40, .null_share = 3000, .presence = LATE},
    {"loyalty_tier", "Tier", .kind = CELL_WORD, WORDS(tiers), .null_share = 5000, .presence = NEW},
};
static const Column customer_columns[] = {
    {"customer_id", "ClientNo", .kind = CELL_KEY},
    {"name", "FullName", .kind = CELL_NAME},
    {"email", "Mail", .kind = CELL_EMAIL, .null_share = 500},
    {"phone", "Phone", .kind = CELL_PHONE, .null_share = 2500},
    {"country", "Country", .kind = CELL_WORD, WORDS(countries)},
    {"city", "Town", .kind = CELL_WORD, WORDS(cities), .null_share = 300},
    {"birth_date", "Born", .kind = CELL_DATE, .span = 25000, .null_share = 1500},
    {"signed_up_at", "Since", .kind = CELL_STAMP},
    {"is_active", "Active", .kind = CELL_BOOL},
    {"score", "Score", .kind = CELL_DRIFTING, .low = 0, .span = 1000, .null_share = 1000},
    {"segment", "Segment", .kind = CELL_WORD, WORDS(segments), .presence = RARE},
    {"referrer", "Referrer", .kind = CELL_URL, .null_share = 5000, .presence = LATE},
    {"consent", "Consent", .kind = CELL_BOOL, .null_share = 2000, .presence = NEW},
};
static const Column payment_columns[] = {
    {"payment_id", "PaymentNo", .kind = CELL_KEY},
    {"order_id", "OrderNo", .kind = CELL_ID, .span = 4000000},
    {"method", "Method", .kind = CELL_WORD, WORDS(methods)},
    {"amount", "AmountCents", .kind = CELL_AMOUNT, .span = 100000},
    {"fee", "FeeCents", .kind = CELL_AMOUNT, .span = 900, .null_share = 1000},
    {"paid_at", "PaidAt", .kind = CELL_STAMP},
    {"value_date", "ValueDate", .kind = CELL_DATE, .span = 3},
    {"reference", "Reference", .kind = CELL_HEX},
    {"is_refund", "Refund", .kind = CELL_BOOL},
    {"terminal", "Terminal", .kind = CELL_CODE, .low = 1000, .span = 9000, .null_share = 800},
    {"chargeback_reason", "Reason", .kind = CELL_NOTE, .null_share = 9900, .presence = RARE},
    {"risk", "Risk", .kind = CELL_DOUBLE, .span = 800, .null_share = 100, .presence = LATE},
};
static const Column event_columns[] = {
    {"event_id", "EventId", .kind = CELL_UUID},
    {"event_type", "Type", .kind = CELL_WORD, WORDS(event_types)},
    {"occurred_at", "At", .kind = CELL_STAMP_MICRO},
    {"user_id", "UserNo", .kind = CELL_ID, .span = 200000, .null_share = 2000},
    {"session_id", "Session", .kind = CELL_HEX},
    {"page", "Page", .kind = CELL_URL},
    {"duration_ms", "DurationMs", .kind = CELL_INT, .span = 60000, .null_share = 500},
    {"is_mobile", "Mobile", .kind = CELL_BOOL},
    {"payload", "Payload", .kind = CELL_JSON, .null_share = 1500},
    {"experiment", "Experiment", .kind = CELL_CODE, .low = 1, .span = 40, .null_share = 4000,
     .presence = LATE},
    {"app_version", "AppVersion", .kind = CELL_DRIFTING, .low = 1, .span = 9, .null_share = 1000,
     .presence = NEW},
};

#define TABLE(name, name_b, list, weight)                                                          \
    {name, name_b, list, sizeof(list) / sizeof *(list), weight}
static const Table tables[] = {
    TABLE("orders", "order_header", order_columns, 4),
    TABLE("customers", "clients", customer_columns, 1),
    TABLE("payments", "payments", payment_columns, 3),
    TABLE("events", "events", event_columns, 4),
    {"wide", "wide", NULL, 0, 1},
};
enum { TABLE_COUNT = sizeof tables / sizeof *tables, WIDE = TABLE_COUNT - 1 };

/* The columns of `wide`: c0001 ..., of ten kinds in turn. */
static Column wide_columns[COLUMNS_MAX];
static char wide_names[COLUMNS_MAX][16];

static void wide_make(uint32_t count)
{
    static const Column kinds[] = {
        {.kind = CELL_INT, .span = 1000},
        {.kind = CELL_DOUBLE, .span = 100000, .null_share = 1000},
        {.kind = CELL_WORD, WORDS(channels)},
        {.kind = CELL_ID, .span = 1000000000},
        {.kind = CELL_BOOL},
        {.kind = CELL_DATE, .span = 4000, .null_share = 500},
        {.kind = CELL_INT, .span = 9, .null_share = 9000},
        {.kind = CELL_AMOUNT, .span = 5000},
        {.kind = CELL_WORD, WORDS(countries), .null_share = 5000},
        {.kind = CELL_INT, .low = 100000, .span = 900000},
    };
    for (uint32_t i = 0; i < count; i++) {
        wide_columns[i] = i == 0 ? (Column){.kind = CELL_KEY} : kinds[i % 10];
        snprintf(wide_names[i], sizeof wide_names[i], "c%04u", i + 1);
        wide_columns[i].name = wide_names[i];
    }
}

static const Column *table_columns(const World *world, int table, uint32_t *count)
{
    if (table != WIDE) {
        *count = tables[table].column_count;
        return tables[table].columns;
    }
    if (wide_columns[0].name == NULL || wide_columns[world->wide_columns - 1].name == NULL)
        wide_make(world->wide_columns);
    *count = world->wide_columns;
    return wide_columns;
}

int table_find(const char *name, size_t len)
{
    for (int i = 0; i < TABLE_COUNT; i++)
        if (strlen(tables[i].name) == len && memcmp(tables[i].name, name, len) == 0)
            return i;
    return -1;
}

uint32_t table_count(void)
{
    return TABLE_COUNT;
}

const char *table_name(int table, Style style)
{
    return style == STYLE_B ? tables[table].name_b : tables[table].name;
}

uint32_t table_weight(int table)
{
    return tables[table].weight;
}

static const char *column_name(const Column *column, Style style)
{
    return style == STYLE_B && column->name_b != NULL ? column->name_b : column->name;
}

/* ---- layouts ---- */

static bool is_there(const World *world, const Column *column, uint64_t archive)
{
    bool drifts = (world->drift & DRIFT_COLUMNS) != 0;
    switch (column->presence) {
    case RARE: return !drifts || archive % 5 != 4;
    case LATE: return world->generation >= 1 || (drifts && archive % 4 == 3);
    case NEW: return world->generation >= 1;
    case ALWAYS:
    case RENAMED: break;
    }
    return true;
}

/* Types drift late: most files ask for the narrow type, a few at the end for wider ones. */
static unsigned variant_of(const World *world, uint64_t archive, uint64_t archive_count)
{
    unsigned least = world->generation >= 2 ? 2 : 0;
    if (!(world->drift & DRIFT_TYPES))
        return least;
    unsigned own = archive + 1 == archive_count ? 2 : archive % 10 == 7 ? 1 : 0;
    return own > least ? own : least;
}

void layout_file(const World *world, int table, uint64_t archive, uint64_t archive_count,
                 Layout *out)
{
    uint32_t count;
    const Column *columns = table_columns(world, table, &count);
    bool drifts = (world->drift & DRIFT_COLUMNS) != 0;
    bool is_odd = (world->drift & DRIFT_DIALECT) != 0;
    out->table = table;
    out->count = 0;
    out->delimiter = world->style == STYLE_B ? ';' : ',';
    out->has_crlf = is_odd && archive % 7 == 3;
    out->has_mark = is_odd && archive % 11 == 5;
    out->variant = variant_of(world, archive, archive_count);
    uint32_t turn = drifts && archive % 3 == 2 ? 3 : 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = (i + turn) % count;
        const Column *column = columns + at;
        if (!is_there(world, column, archive))
            continue;
        bool has_other_name = drifts && column->presence == RENAMED && archive % 6 == 5 &&
                              world->style == STYLE_A;
        out->columns[out->count] = (uint16_t)at;
        out->names[out->count++] =
            has_other_name ? column->renamed : column_name(column, world->style);
    }
}

void layout_truth(const World *world, int table, Layout *out)
{
    uint32_t count;
    const Column *columns = table_columns(world, table, &count);
    bool drifts = (world->drift & DRIFT_COLUMNS) != 0;
    *out = (Layout){.table = table, .delimiter = ','};
    for (uint32_t i = 0; i < count; i++) {
        const Column *column = columns + i;
        bool is_late = column->presence == LATE && world->generation == 0 && !drifts;
        if (is_late || (column->presence == NEW && world->generation == 0))
            continue;
        out->columns[out->count] = (uint16_t)i;
        out->names[out->count++] = column_name(column, world->style);
        if (column->presence == RENAMED && drifts && world->style == STYLE_A) {
            out->columns[out->count] = (uint16_t)i;
            out->names[out->count++] = column->renamed;
        }
    }
}

void truth_of_file(const Layout *file, Layout *truth)
{
    truth->variant = file->variant;
    for (uint32_t i = 0; i < truth->count; i++) {
        truth->columns[i] = ABSENT;
        for (uint32_t j = 0; j < file->count; j++)
            if (truth->names[i] == file->names[j])
                truth->columns[i] = file->columns[j];
    }
}

/* ---- cells ---- */

static uint64_t mix(uint64_t bits)
{
    bits += 0x9e3779b97f4a7c15u;
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
    return bits ^ (bits >> 31);
}

static char *put_text(char *to, const char *text)
{
    size_t len = strlen(text);
    memcpy(to, text, len);
    return to + len;
}

static char *put_number(char *to, uint64_t number)
{
    char digits[20];
    int count = 0;
    do
        digits[count++] = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    while (count > 0)
        *to++ = digits[--count];
    return to;
}

static char *put_digits(char *to, uint32_t number, int width)
{
    for (int i = width - 1; i >= 0; i--, number /= 10)
        to[i] = (char)('0' + number % 10);
    return to + width;
}

static char *put_hex(char *to, uint64_t bits, int width)
{
    for (int i = 0; i < width; i++, bits >>= 4)
        *to++ = "0123456789abcdef"[bits & 15];
    return to;
}

/* Proleptic Gregorian, by eras of 400 years. */
static void civil(uint32_t day, uint32_t *year, uint32_t *month, uint32_t *of_month)
{
    uint32_t days = day + 719468, era = days / 146097, of_era = days % 146097;
    uint32_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint32_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint32_t shifted = (5 * of_year + 2) / 153;
    *of_month = of_year - (153 * shifted + 2) / 5 + 1;
    *month = shifted < 10 ? shifted + 3 : shifted - 9;
    *year = year_of_era + era * 400 + (*month <= 2);
}

static char *put_date(char *to, uint32_t day, Style style)
{
    uint32_t year, month, of_month;
    civil(day, &year, &month, &of_month);
    if (style == STYLE_B) {
        to = put_digits(to, of_month, 2);
        *to++ = '.';
        to = put_digits(to, month, 2);
        *to++ = '.';
        return put_digits(to, year, 4);
    }
    to = put_digits(to, year, 4);
    *to++ = '-';
    to = put_digits(to, month, 2);
    *to++ = '-';
    return put_digits(to, of_month, 2);
}

static char *put_stamp(char *to, uint32_t day, uint64_t hash, bool has_micros)
{
    uint32_t second = (uint32_t)(hash >> 32) % 86400;
    to = put_date(to, day, STYLE_A);
    *to++ = ' ';
    to = put_digits(to, second / 3600, 2);
    *to++ = ':';
    to = put_digits(to, second / 60 % 60, 2);
    *to++ = ':';
    to = put_digits(to, second % 60, 2);
    if (!has_micros)
        return to;
    *to++ = '.';
    return put_digits(to, (uint32_t)hash % 1000000, 6);
}

void day_print(uint32_t day, char out[11])
{
    *put_date(out, day, STYLE_A) = 0;
}

int64_t day_parse(const char *text)
{
    unsigned year, month, of_month;
    char rest;
    if (sscanf(text, "%4u-%2u-%2u%c", &year, &month, &of_month, &rest) != 3 || year < 1970)
        return -1;
    for (uint32_t day = (year - 1970) * 365; day < (year - 1968) * 366; day++) {
        uint32_t y, m, d;
        civil(day, &y, &m, &d);
        if (y == year && m == month && d == of_month)
            return day;
    }
    return -1;
}

static char *put_eighths(char *to, uint64_t hash, uint32_t span)
{
    static const char *const tails[] = {".125", ".25", ".375", ".5", ".625", ".75", ".875", ".5"};
    return put_text(put_number(to, (hash >> 8) % span), tails[hash & 7]);
}

static char *put_drifting(char *to, const Column *column, uint64_t hash, unsigned variant)
{
    uint64_t number = column->low + (hash >> 16) % (column->span + 1);
    if (variant == 2 && hash % 4 == 0) {
        *to++ = "ABCX"[hash >> 2 & 3];
        return put_number(to, number);
    }
    if (variant >= 1 && column->kind == CELL_DRIFTING && hash % 2 == 0)
        return put_eighths(to, hash >> 4, column->span);
    return put_number(to, number);
}

static char *put_name(char *to, uint64_t hash)
{
    to = put_text(to, firsts[(hash >> 8) % (sizeof firsts / sizeof *firsts)]);
    *to++ = ' ';
    return put_text(to, lasts[(hash >> 24) % (sizeof lasts / sizeof *lasts)]);
}

static char *put_url(char *to, uint64_t hash)
{
    to = put_text(to, "https://shop.example.test/");
    to = put_text(to, channels[hash % 5]);
    to = put_text(to, "/item-");
    to = put_number(to, (hash >> 20) % 50000);
    return hash & 64 ? put_text(to, "?ref=mail&utm=7") : to;
}

static char *put_json(char *to, uint64_t hash)
{
    to = put_text(to, "{\"v\":");
    to = put_number(to, hash % 7);
    to = put_text(to, ",\"tag\":\"");
    to = put_text(to, segments[(hash >> 8) % 4]);
    to = put_text(to, "\",\"items\":[");
    to = put_number(to, (hash >> 16) % 1000);
    to = put_text(to, ",");
    to = put_number(to, (hash >> 32) % 1000);
    return put_text(to, "]}");
}

static char *put_uuid(char *to, uint64_t hash)
{
    static const int widths[] = {8, 4, 4, 4, 12};
    for (int i = 0; i < 5; i++, hash = mix(hash)) {
        if (i > 0)
            *to++ = '-';
        to = put_hex(to, hash, widths[i]);
    }
    return to;
}

static char *put_amount(char *to, uint64_t cents, Style style)
{
    if (style == STYLE_B)
        return put_number(to, cents);
    to = put_number(to, cents / 100);
    *to++ = '.';
    return put_digits(to, (uint32_t)(cents % 100), 2);
}

/* Keys of a day begin at a number of its own; some rows take that of an earlier one. */
static char *put_key(char *to, const World *world, uint64_t row, uint64_t hash)
{
    if (row > 0 && (double)(hash >> 40) < world->duplicates * (double)(1 << 24))
        row -= 1 + (hash & 0xffff) % row;
    return put_number(to, (uint64_t)(world->day % 100000) * 1000000000u + row + 1);
}

static char *put_cell(char *to, const World *world, const Column *column, uint64_t row,
                      uint64_t hash, unsigned variant)
{
    Style style = world->style;
    switch (column->kind) {
    case CELL_KEY: return put_key(to, world, row, hash);
    case CELL_ID: return put_number(to, 1 + (hash >> 8) % column->span);
    case CELL_INT: return put_number(to, column->low + (hash >> 8) % (column->span + 1));
    case CELL_DRIFTING:
    case CELL_CODE: return put_drifting(to, column, hash, variant);
    case CELL_AMOUNT: return put_amount(to, (hash >> 8) % (column->span + 1), style);
    case CELL_DOUBLE: return put_eighths(to, hash, column->span);
    case CELL_BOOL:
        if (style == STYLE_B)
            return put_text(to, hash & 256 ? "Y" : "N");
        return put_text(to, hash & 256 ? "true" : "false");
    case CELL_DATE: return put_date(to, world->day - (uint32_t)((hash >> 8) % column->span), style);
    case CELL_STAMP: return put_stamp(to, world->day, hash, false);
    case CELL_STAMP_MICRO: return put_stamp(to, world->day, hash, true);
    case CELL_STATUS:
        if (style == STYLE_B) {
            *to++ = "AIPSR"[(hash >> 8) % column->word_count];
            return to;
        }
        break;
    case CELL_WORD: break;
    case CELL_NAME: return put_name(to, hash);
    case CELL_EMAIL:
        to = put_number(put_text(to, "user"), (hash >> 8) % 1000000);
        return put_text(to, "@example.test");
    case CELL_PHONE:
        return put_digits(put_text(to, "+49-"), (uint32_t)(hash >> 8) % 1000000000u, 9);
    case CELL_URL: return put_url(to, hash);
    case CELL_HEX: return put_hex(put_text(to, "x"), hash, 15);
    case CELL_UUID: return put_uuid(to, hash);
    case CELL_NOTE:
        to = put_text(to, notes[(hash >> 8) % (sizeof notes / sizeof *notes)]);
        *to++ = ' ';
        return put_text(to, segments[(hash >> 16) % 4]);
    case CELL_JSON: return put_json(to, hash);
    }
    return put_text(to, column->words[(hash >> 8) % column->word_count]);
}

/* ---- rows ---- */

static bool is_null(const World *world, int table, const Column *column, uint64_t hash)
{
    if (column->null_share == 0)
        return false;
    double share = world->nulls >= 0 ? world->nulls : column->null_share / 10000.0;
    if (world->null_column != NULL) {
        size_t len = strcspn(world->null_column, ".");
        if (table_find(world->null_column, len) == table && world->null_column[len] == '.' &&
            strcmp(world->null_column + len + 1, column->name) == 0)
            share = world->null_share;
    }
    return (double)(mix(hash) >> 40) < share * (double)(1 << 24);
}

static bool may_need_quotes(Kind kind)
{
    return kind == CELL_NAME || kind == CELL_NOTE || kind == CELL_JSON;
}

/* Writes a text with quotes if it holds what asks for them; counts its line ends. */
static char *put_quoted(char *to, const char *text, size_t len, char delimiter, uint32_t *lines)
{
    bool needs = false;
    for (size_t i = 0; i < len && !needs; i++)
        needs = text[i] == '"' || text[i] == delimiter || text[i] == '\n' || text[i] == '\r';
    if (!needs) {
        memcpy(to, text, len);
        return to + len;
    }
    *to++ = '"';
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"')
            *to++ = '"';
        *lines += text[i] == '\n';
        *to++ = text[i];
    }
    *to++ = '"';
    return to;
}

void header_print(const Layout *layout, Buffer *out)
{
    if (layout->has_mark)
        buffer_add(out, "\xef\xbb\xbf", 3);
    for (uint32_t i = 0; i < layout->count; i++) {
        if (i > 0)
            buffer_add(out, &layout->delimiter, 1);
        buffer_add(out, layout->names[i], strlen(layout->names[i]));
    }
    buffer_add(out, "\r\n", layout->has_crlf ? 2 : 0);
    if (!layout->has_crlf)
        buffer_add(out, "\n", 1);
}

uint32_t row_print(const World *world, const Layout *layout, uint64_t row, const char *before_end,
                   Buffer *out)
{
    uint32_t count, lines = 1;
    const Column *columns = table_columns(world, layout->table, &count);
    uint64_t seed = mix(world->seed + ((uint64_t)layout->table << 56) +
                        ((uint64_t)world->day << 40) + row);
    buffer_reserve(out, (size_t)layout->count * CELL_MAX + 1024);
    char *to = out->at + out->len;
    for (uint32_t i = 0; i < layout->count; i++) {
        if (i > 0)
            *to++ = layout->delimiter;
        if (layout->columns[i] == ABSENT)
            continue;
        const Column *column = columns + layout->columns[i];
        uint64_t hash = mix(seed + layout->columns[i] * 0x9e3779b9u);
        if (is_null(world, layout->table, column, hash))
            continue;
        if (may_need_quotes(column->kind)) {
            char cell[CELL_MAX];
            char *end = put_cell(cell, world, column, row, hash, layout->variant);
            to = put_quoted(to, cell, (size_t)(end - cell), layout->delimiter, &lines);
        } else {
            to = put_cell(to, world, column, row, hash, layout->variant);
        }
    }
    if (before_end != NULL)
        to = put_text(to, before_end);
    if (layout->has_crlf)
        *to++ = '\r';
    *to++ = '\n';
    out->len = (size_t)(to - out->at);
    return lines;
}
