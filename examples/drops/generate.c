/* generate.c: drops-generate, which makes up what partners send: archives of CSV files by the day.
 *
 *   drops-generate --out DIR [--partner partner_a] [--style a|b] [--date 2026-11-20] [--days 1]
 *       [--archives 10] [--rows 10000 | --size 100M] [--tables orders,customers,payments,events]
 *       [--columns 2000] [--drift none|columns|types|dialect|all] [--generation 0]
 *       [--nulls SHARE] [--null TABLE.COLUMN=SHARE] [--duplicates SHARE]
 *       [--bad NAME=SHARE,NAME@INDEX,...] [--level 1] [--seed 7]
 *       [--manifest FILE] [--done FILE] [--truth DIR] [--stream]
 *
 * DIR/20261120/partner_a_20261120_00000.tar.gz holds orders_20261120_00000.csv and one file more
 * for each table. --bad: what is wrong with how many of the archives, or with which (archive.h
 * names the defects). --manifest and --done: files that the partner lays beside the archives of a
 * day. --stream: one archive to standard output; nothing touches the disk.
 *
 * --truth DIR keeps what is right: DIR/20261120.json (every archive: its defect, whether it loads,
 * its files with their rows) and DIR/20261120-orders.csv: all rows that a table is to have, texts
 * as they stand in the files, missing columns empty, with _archive, _file and _line.
 * The same arguments give the same bytes. Exit codes: 0 done, 1 could not write, 2 wrong arguments.
 */
#include "archive.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, NAME_SIZE = 256, BAD_MAX = 256 };

typedef struct Bad {
    Defect defect;
    double share;                /* of the archives; negative: `index` alone                      */
    uint64_t index;
} Bad;

typedef struct Options {
    World world;
    const char *out, *partner, *manifest, *done, *truth, *null;
    uint64_t rows, size_bytes, archives, days;
    int tables[TABLES_MAX], table_count, level;
    bool is_stream;
    Bad bad[BAD_MAX];
    int bad_count;
} Options;

/* One day while it is made. */
typedef struct Day {
    const Options *options;
    World world;
    char date[11], compact[9];
    Archive *archive;
    Buffer content;              /* of a CSV file                                                 */
    Buffer said;                 /* truth: the JSON                                               */
    Buffer files;                /* of the archive in hand, for it                                */
    Buffer listed, listed_files; /* the partner's manifest: archives; files                       */
    FILE *truth[TABLES_MAX];
    uint64_t loaded[TABLES_MAX];
    Buffer row;                  /* of the truth                                                  */
} Day;

static int usage(const char *problem, const char *what)
{
    fprintf(stderr, "drops-generate: %s%s%s\nusage: drops-generate --out DIR [OPTION...]: see the "
            "beginning of examples/drops/generate.c\n", problem, what ? ": " : "",
            what ? what : "");
    return 2;
}

static bool failed(const char *action, const char *path)
{
    fprintf(stderr, "drops-generate: cannot %s %s: %s\n", action, path, strerror(errno));
    return false;
}

static uint64_t mixed(uint64_t bits)
{
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
    return bits ^ (bits >> 31);
}

static Defect defect_of(const Options *options, uint64_t archive)
{
    for (int i = 0; i < options->bad_count; i++) {
        const Bad *bad = options->bad + i;
        if (bad->share < 0 ? bad->index == archive :
            (double)(mixed(options->world.seed * 1000003 + archive * 64 + (uint64_t)i + 1) >> 40) <
                bad->share * (double)(1 << 24))
            return bad->defect == DEFECT_COPY && archive == 0 ? DEFECT_NONE : bad->defect;
    }
    return DEFECT_NONE;
}

/* ---- one file ---- */

typedef struct Span { uint64_t first, end; } Span;

/* Rows of a table that stand in the archive. */
static Span rows_of(const Day *day, int table, uint64_t archive)
{
    uint64_t rows = day->world.row_count[table], archives = day->options->archives;
    return (Span){rows / archives * archive + rows % archives * archive / archives,
                  rows / archives * (archive + 1) + rows % archives * (archive + 1) / archives};
}

/* The row of a file that its archive's defect spoils; `end`: none. */
static uint64_t spoiled_row(Defect defect, Span rows)
{
    switch (defect) {
    case DEFECT_QUOTE: return rows.end - 1;
    case DEFECT_BEHIND:
    case DEFECT_LATIN1:
    case DEFECT_NUL:
    case DEFECT_SHORT:
    case DEFECT_LONG: return rows.first + (rows.end - rows.first) / 2;
    default: return rows.end;
    }
}

/* Adds the record, broken, to `out`. It is one line. */
static void spoil(const Layout *layout, Defect defect, Buffer *out)
{
    const char *rest = defect == DEFECT_QUOTE    ? "\"never closed"
                       : defect == DEFECT_BEHIND ? "\"closed\" and on"
                       : defect == DEFECT_LATIN1 ? "M\xfcller"
                                                 : "x";
    uint32_t fields = defect == DEFECT_SHORT  ? layout->count - 2
                      : defect == DEFECT_LONG ? layout->count + 2
                                              : layout->count;
    for (uint32_t i = 0; i < fields; i++) {
        if (i > 0)
            buffer_add(out, &layout->delimiter, 1);
        if (i == 0)                  /* what is left out must not decide about the column's type */
            buffer_add(out, "?", 1);
        if (i == fields - 1 && defect == DEFECT_NUL)
            buffer_add(out, "a\0b", 3);
        else if (i == fields - 1)
            buffer_add(out, rest, strlen(rest));
    }
    buffer_add(out, "\r\n" + !layout->has_crlf, layout->has_crlf ? 2 : 1);
}

static bool truth_write(Day *day, int table, const Layout *truth, uint64_t row, const char *archive,
                        const char *file, uint64_t line)
{
    char origin[2 * NAME_SIZE + 32];
    snprintf(origin, sizeof origin, ",%s,%s,%llu", archive, file, (unsigned long long)line);
    day->row.len = 0;
    row_print(&day->world, truth, row, origin, &day->row);
    return fwrite(day->row.at, 1, day->row.len, day->truth[table]) == day->row.len ||
           failed("write", "the truth");
}

/* The CSV file of one table; *loaded: rows that are good. */
static bool file_make(Day *day, int table, uint64_t archive, Defect defect, bool loads,
                      const char *archive_name, const char *file_name, uint64_t *loaded)
{
    static Layout layout, truth;         /* some 50 KB each */
    Span rows = rows_of(day, table, archive);
    layout_file(&day->world, table, archive, day->options->archives, &layout);
    day->content.len = 0;
    *loaded = 0;
    if (defect == DEFECT_EMPTY)
        return true;
    header_print(&layout, &day->content);
    if (defect == DEFECT_HEADER)
        return true;
    bool keeps_truth = loads && day->truth[table] != NULL;
    if (keeps_truth) {
        layout_truth(&day->world, table, &truth);
        truth_of_file(&layout, &truth);
    }
    uint64_t spoiled = spoiled_row(defect, rows), line = 2;
    for (uint64_t row = rows.first; row < rows.end; row++) {
        if (row == spoiled) {
            spoil(&layout, defect, &day->content);
            line++;
            continue;
        }
        uint32_t lines = row_print(&day->world, &layout, row, NULL, &day->content);
        if (keeps_truth)
            if (!truth_write(day, table, &truth, row, archive_name, file_name, line))
                return false;
        line += lines;
        *loaded += 1;
    }
    return true;
}

/* ---- one archive ---- */

static void add_strange_members(Day *day, Defect defect, uint64_t archive)
{
    char name[NAME_SIZE];
    Buffer letter = {0};
    buffer_print(&letter, "order_id,note\n1,from elsewhere\n");
    switch (defect) {
    case DEFECT_PATH:
        snprintf(name, sizeof name, "../../orders_%s_%05llu.csv", day->compact,
                 (unsigned long long)archive);
        archive_add(day->archive, name, &letter);
        break;
    case DEFECT_LINK:
        snprintf(name, sizeof name, "orders_%s_99999.csv", day->compact);
        archive_add_link(day->archive, name, "/etc/passwd");
        break;
    case DEFECT_NESTED: {
        Archive *inner = archive_make(1);
        archive_begin(inner, -1);
        archive_add(inner, "orders_20000101_00001.csv", &letter);
        if (archive_end(inner, DEFECT_NONE))
            archive_add(day->archive, "more.tar.gz", archive_bytes(inner));
        archive_drop(inner);
        break;
    }
    case DEFECT_BOMB:
        snprintf(name, sizeof name, "orders_%s_99998.csv", day->compact);
        archive_add_bomb(day->archive, name);
        break;
    case DEFECT_SURPLUS:
        archive_add(day->archive, "README.txt", &letter);
        break;
    default:
        break;
    }
    buffer_drop(&letter);
}

static void file_tell(Buffer *files, const char *name, const char *table, uint64_t rows,
                      uint64_t bytes)
{
    buffer_print(files, "%s{\"file\": \"%s\", \"table\": \"%s\", \"rows\": %llu, "
                 "\"bytes\": %llu}", files->len ? ", " : "", name, table, (unsigned long long)rows,
                 (unsigned long long)bytes);
}

/* Fills the archive with its members, and tells of its files: to the truth the rows that are good,
 * in the partner's list those that were meant. `archive` is what its rows are numbered by. */
static bool members_make(Day *day, uint64_t archive, Defect defect, const char *archive_name)
{
    const Options *options = day->options;
    bool loads = defect_loads(defect);
    day->files.len = 0;
    for (int i = 0; i < options->table_count && defect != DEFECT_HOLLOW; i++) {
        int table = options->tables[i];
        Span rows = rows_of(day, table, archive);
        if (rows.first == rows.end)
            continue;
        char file[NAME_SIZE];
        uint64_t loaded;
        const char *table_in_file = table_name(table, options->world.style);
        snprintf(file, sizeof file, "%s_%s_%05llu.csv", table_in_file, day->compact,
                 (unsigned long long)archive);
        if (!file_make(day, table, archive, defect, loads, archive_name, file, &loaded))
            return false;
        archive_add(day->archive, file, &day->content);
        day->loaded[table] += loads ? loaded : 0;
        file_tell(&day->files, file, table_in_file, loaded, day->content.len);
        file_tell(&day->listed_files, file, table_in_file, rows.end - rows.first, day->content.len);
    }
    add_strange_members(day, defect, archive);
    return true;
}

static void archive_tell(Day *day, const char *name, Defect defect)
{
    buffer_print(&day->said, "%s{\"name\": \"%s\", \"size\": %llu, \"defect\": \"%s\", "
                 "\"loads\": %s, \"files\": [", day->said.len ? ",\n  " : "", name,
                 (unsigned long long)archive_bytes(day->archive)->len, defect_name(defect),
                 defect_loads(defect) ? "true" : "false");
    buffer_add(&day->said, day->files.at, day->files.len);
    buffer_add(&day->said, "]}", 2);
    buffer_print(&day->listed, "%s{\"name\": \"%s\", \"size\": %llu}",
                 day->listed.len ? ",\n  " : "", name,
                 (unsigned long long)archive_bytes(day->archive)->len);
}

static bool archive_write(Day *day, uint64_t number)
{
    const Options *options = day->options;
    char name[NAME_SIZE], path[PATH_SIZE];
    Defect defect = defect_of(options, number);
    snprintf(name, sizeof name, "%s_%s_%05llu.tar.gz", options->partner, day->compact,
             (unsigned long long)number);
    snprintf(path, sizeof path, "%s/%s/%s", options->is_stream ? "-" : options->out, day->compact,
             name);
    archive_begin(day->archive, options->is_stream ? STDOUT_FILENO : -1);
    uint64_t content = defect == DEFECT_COPY ? number - 1 : number;
    if (!members_make(day, content, defect, name))
        return false;
    if (!archive_end(day->archive, defect))
        return failed("write", "standard output");
    archive_tell(day, name, defect);
    return options->is_stream || archive_save(day->archive, path) || failed("write", path);
}

/* ---- one day ---- */

static bool text_save(const char *path, const Buffer *text, const char *before, const char *after)
{
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return failed("write", path);
    bool is_written = fputs(before, file) >= 0;
    is_written = is_written && (text->len == 0 || fwrite(text->at, text->len, 1, file) == 1);
    is_written = fputs(after, file) >= 0 && is_written;
    return (fclose(file) == 0 && is_written) || failed("write", path);
}

static bool truth_open(Day *day)
{
    const Options *options = day->options;
    for (int i = 0; i < options->table_count && options->truth != NULL; i++) {
        static Layout layout;
        char path[PATH_SIZE];
        int table = options->tables[i];
        snprintf(path, sizeof path, "%s/%s-%s.csv", options->truth, day->compact,
                 table_name(table, options->world.style));
        day->truth[table] = fopen(path, "w");
        if (day->truth[table] == NULL)
            return failed("write", path);
        layout_truth(&day->world, table, &layout);
        day->row.len = 0;
        header_print(&layout, &day->row);
        fprintf(day->truth[table], "%.*s,_archive,_file,_line\n", (int)day->row.len - 1,
                day->row.at);
    }
    return true;
}

static bool truth_close(Day *day)
{
    const Options *options = day->options;
    bool is_written = true;
    char path[PATH_SIZE];
    Buffer tables = {0};
    for (int i = 0; i < options->table_count; i++) {
        int table = options->tables[i];
        if (day->truth[table] != NULL)
            is_written = fclose(day->truth[table]) == 0 && is_written;
        buffer_print(&tables, "%s\"%s\": %llu", i > 0 ? ", " : "",
                     table_name(table, options->world.style),
                     (unsigned long long)day->loaded[table]);
    }
    buffer_print(&tables, "}}\n");
    buffer_add(&tables, "", 1);
    snprintf(path, sizeof path, "%s/%s.json", options->truth ? options->truth : ".", day->compact);
    if (!is_written)
        failed("write", path);
    else if (options->truth != NULL) {
        Buffer after = {0};
        buffer_print(&after, "], \"rows\": {");
        buffer_add(&after, tables.at, tables.len);
        is_written = text_save(path, &day->said, "{\"archives\": [\n  ", after.at);
        buffer_drop(&after);
    }
    buffer_drop(&tables);
    return is_written;
}

static bool beside_write(Day *day)
{
    const Options *options = day->options;
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s/%s", options->out, day->compact,
             options->manifest ? options->manifest : "");
    buffer_print(&day->listed, "],\n \"files\": [\n  ");
    buffer_add(&day->listed, day->listed_files.at, day->listed_files.len);
    if (options->manifest != NULL &&
        !text_save(path, &day->listed, "{\"archives\": [\n  ", "]}\n"))
        return false;
    snprintf(path, sizeof path, "%s/%s/%s", options->out, day->compact,
             options->done ? options->done : "");
    return options->done == NULL || text_save(path, &(Buffer){0}, "", "");
}

static bool day_make(const Options *options, uint32_t number)
{
    Day day = {.options = options, .world = options->world};
    day.world.day = number;
    day_print(number, day.date);
    snprintf(day.compact, sizeof day.compact, "%.4s%.2s%.2s", day.date, day.date + 5, day.date + 8);
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", options->is_stream ? "" : options->out, day.compact);
    if (!options->is_stream && mkdir(path, 0755) != 0 && errno != EEXIST)
        return failed("make", path);
    day.archive = archive_make(options->level);
    bool is_done = truth_open(&day);
    for (uint64_t i = 0; i < options->archives && is_done; i++)
        is_done = archive_write(&day, i);
    is_done = is_done && truth_close(&day);
    is_done = is_done && (options->is_stream || beside_write(&day));
    archive_drop(day.archive);
    Buffer *buffers[] = {&day.content, &day.said, &day.listed, &day.files, &day.listed_files,
                         &day.row};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        buffer_drop(buffers[i]);
    return is_done;
}

/* Rows of each table: of --rows by the tables' weights, or as many as make --size bytes. */
static void rows_share(Options *options)
{
    static Layout layout;
    uint64_t weights = 0;
    double bytes = 0;
    for (int i = 0; i < options->table_count; i++)
        weights += table_weight(options->tables[i]);
    for (int i = 0; i < options->table_count; i++) {
        Buffer sample = {0};
        int table = options->tables[i];
        layout_file(&options->world, table, 0, options->archives, &layout);
        for (uint64_t row = 0; row < 500; row++)
            row_print(&options->world, &layout, row, NULL, &sample);
        bytes += (double)sample.len / 500 * table_weight(table) / (double)weights;
        buffer_drop(&sample);
    }
    if (options->size_bytes != 0)
        options->rows = (uint64_t)((double)options->size_bytes / bytes);
    for (int i = 0; i < options->table_count; i++) {
        int table = options->tables[i];
        options->world.row_count[table] = options->rows * table_weight(table) / weights;
    }
}

/* ---- options ---- */

static bool number_parse(const char *text, uint64_t *out)
{
    char *end;
    errno = 0;
    double number = strtod(text, &end);
    double unit = *end == 'K'   ? 1e3
                  : *end == 'M' ? 1e6
                  : *end == 'G' ? 1e9
                  : *end == 'T' ? 1e12
                                : 1;
    if (end == text || errno != 0 || number < 0 || (*end != 0 && (unit == 1 || end[1] != 0)))
        return false;
    *out = (uint64_t)(number * unit);
    return true;
}

static bool share_parse(const char *text, double *out)
{
    char *end;
    *out = strtod(text, &end);
    return end != text && *end == 0 && *out >= 0 && *out <= 1;
}

static bool tables_parse(Options *options, const char *text)
{
    for (options->table_count = 0; *text != 0; text += *text == ',') {
        size_t len = strcspn(text, ",");
        int table = table_find(text, len);
        if (table < 0 || options->table_count == TABLES_MAX)
            return false;
        options->tables[options->table_count++] = table;
        text += len;
    }
    return options->table_count > 0;
}

static bool bad_parse(Options *options, const char *text)
{
    for (; *text != 0; text += *text == ',') {
        size_t len = strcspn(text, ","), name = strcspn(text, "=@");
        char value[64] = {0};
        if (name >= len || len - name > sizeof value || options->bad_count == BAD_MAX)
            return false;
        memcpy(value, text + name + 1, len - name - 1);
        Bad bad = {.defect = defect_find(text, name), .share = -1};
        if (bad.defect == DEFECT_COUNT || (text[name] == '=' ? !share_parse(value, &bad.share)
                                                            : !number_parse(value, &bad.index)))
            return false;
        options->bad[options->bad_count++] = bad;
        text += len;
    }
    return true;
}

static bool drift_parse(const char *text, unsigned *out)
{
    static const struct { const char *name; unsigned bits; } known[] = {
        {"none", 0}, {"columns", DRIFT_COLUMNS}, {"types", DRIFT_TYPES}, {"dialect", DRIFT_DIALECT},
        {"all", DRIFT_COLUMNS | DRIFT_TYPES | DRIFT_DIALECT}};
    for (*out = 0; *text != 0; text += *text == ',') {
        size_t len = strcspn(text, ","), i = 0;
        while (i < 5 && (strlen(known[i].name) != len || memcmp(known[i].name, text, len) != 0))
            i++;
        if (i == 5)
            return false;
        *out |= known[i].bits;
        text += len;
    }
    return true;
}

static bool date_parse(const char *text, uint32_t *out)
{
    int64_t day = day_parse(text);
    *out = (uint32_t)day;
    return day >= 0;
}

/* "orders.coupon=0.99" */
static bool null_parse(Options *options, const char *text)
{
    static char column[NAME_SIZE];
    size_t len = strcspn(text, "=");
    if (text[len] == 0 || len >= sizeof column)
        return false;
    memcpy(column, text, len);
    options->world.null_column = column;
    return share_parse(text + len + 1, &options->world.null_share);
}

static const struct option known_options[] = {
    {"out", 1, 0, 'o'}, {"partner", 1, 0, 'p'}, {"style", 1, 0, 's'}, {"date", 1, 0, 'd'},
    {"days", 1, 0, 'D'}, {"archives", 1, 0, 'a'}, {"rows", 1, 0, 'r'}, {"size", 1, 0, 'z'},
    {"tables", 1, 0, 't'}, {"columns", 1, 0, 'c'}, {"drift", 1, 0, 'f'}, {"generation", 1, 0, 'g'},
    {"nulls", 1, 0, 'n'}, {"null", 1, 0, 'N'}, {"duplicates", 1, 0, 'u'}, {"bad", 1, 0, 'b'},
    {"level", 1, 0, 'l'}, {"seed", 1, 0, 'S'}, {"manifest", 1, 0, 'm'}, {"done", 1, 0, 'e'},
    {"truth", 1, 0, 'T'}, {"stream", 0, 0, 'x'}, {0}};

static bool small_parse(const char *text, uint64_t most, uint64_t *out)
{
    return number_parse(text, out) && *out <= most;
}

static bool option_take(Options *options, int letter, const char *text)
{
    World *world = &options->world;
    uint64_t number;
    switch (letter) {
    case 'o': options->out = text; return true;
    case 'p': options->partner = text; return strlen(text) < 64;
    case 's': world->style = text[0] == 'b' ? STYLE_B : STYLE_A;
              return strcmp(text, "a") == 0 || strcmp(text, "b") == 0;
    case 'd': return date_parse(text, &world->day);
    case 'D': return number_parse(text, &options->days);
    case 'a': return number_parse(text, &options->archives) && options->archives > 0;
    case 'r': return number_parse(text, &options->rows);
    case 'z': return number_parse(text, &options->size_bytes);
    case 't': return tables_parse(options, text);
    case 'c': if (!small_parse(text, COLUMNS_MAX, &number) || number == 0)
                  return false;
              world->wide_columns = (uint32_t)number;
              return true;
    case 'f': return drift_parse(text, &world->drift);
    case 'g': if (!small_parse(text, 2, &number))
                  return false;
              world->generation = (unsigned)number;
              return true;
    case 'n': return share_parse(text, &world->nulls);
    case 'N': return null_parse(options, text);
    case 'u': return share_parse(text, &world->duplicates);
    case 'b': return bad_parse(options, text);
    case 'l': if (!small_parse(text, 9, &number) || number == 0)
                  return false;
              options->level = (int)number;
              return true;
    case 'S': return number_parse(text, &world->seed);
    case 'm': options->manifest = text; return true;
    case 'e': options->done = text; return true;
    case 'T': options->truth = text; return true;
    case 'x': options->is_stream = true; return true;
    default: return false;
    }
}

int main(int argc, char **argv)
{
    static Options options = {.partner = "partner_a", .rows = 10000, .archives = 10, .days = 1,
                              .level = 1, .world = {.seed = 7, .nulls = -1, .wide_columns = 2000}};
    if (!date_parse("2026-11-20", &options.world.day) ||
        !tables_parse(&options, "orders,customers,payments,events"))
        return 1;
    int letter;
    while ((letter = getopt_long(argc, argv, "", known_options, NULL)) != -1)
        if (!option_take(&options, letter, optarg))
            return usage("wrong arguments", optarg);
    if (optind < argc)
        return usage("unexpected", argv[optind]);
    if (options.is_stream)
        options.archives = options.days = 1;
    else if (options.out == NULL)
        return usage("--out is missing", NULL);
    if (!options.is_stream && mkdir(options.out, 0755) != 0 && errno != EEXIST)
        return failed("make", options.out), 1;
    if (options.truth != NULL && mkdir(options.truth, 0755) != 0 && errno != EEXIST)
        return failed("make", options.truth), 1;
    rows_share(&options);
    for (uint32_t i = 0; i < options.days; i++)
        if (!day_make(&options, options.world.day + i))
            return 1;
    return 0;
}
