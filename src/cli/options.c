/* options.c: argv into options, as click reads it with dbt's own type for several words. */
#include "cli/options.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/yaml.h"
#include "cli/event_time.h"

#define ON(id) COMMAND_BIT(COMMAND_##id)

_Static_assert(COMMAND_COUNT <= 64, "a set of commands is 64 bits");

enum {
    SELECTING = ON(BUILD) | ON(DOCS_GENERATE) | ON(COMPILE) | ON(SHOW) | ON(LS) | ON(RUN) |
                ON(CLONE) | ON(SEED) | ON(SNAPSHOT) | ON(FRESHNESS) | ON(TEST) | ON(INGEST) |
                ON(PUBLISH) | ON(CHECK) | ON(LINT) | ON(FORMAT) | ON(DIFF),
    LOADING = ON(BUILD) | ON(DOCS_GENERATE) | ON(COMPILE) | ON(SHOW) | ON(PARSE) | ON(RUN) |
              ON(RETRY) | ON(CLONE) | ON(OPERATION) | ON(SEED) | ON(SNAPSHOT) | ON(FRESHNESS) |
              ON(TEST) | ON(LS) | ON(INGEST) | ON(PUBLISH) | ON(SCHEMA_LIST) | ON(SCHEMA_SHOW) |
              ON(SCHEMA_DIFF) | ON(CHECK) | ON(DIFF) | ON(GENERATE_SOURCE) | ON(GENERATE_MODEL) |
              ON(GENERATE_SCHEMA) | ON(CONVERT) | ON(LINT) | ON(FORMAT),
    PROJECT = LOADING | ON(CLEAN) | ON(DOCS_SERVE) | ON(DEBUG) | ON(DEPS) | ON(INIT),
    EVERY = PROJECT | 1,
};

const Command commands[COMMAND_COUNT] = {
#define COMMAND(id, name, alias, argument, function, about) \
    [COMMAND_##id] = {name, alias, argument, about},
#include "cli/commands.def"
#undef COMMAND
};

const Option options_table[] = {
#define OPTION(key, names, negative, kind, choices, value, standard, on, about) \
    {key, names, negative, OPTION_##kind, choices, value, standard, on, about},
#include "cli/options.def"
#undef OPTION
};
const uint32_t options_count = COUNT_OF(options_table);

bool option_is_local(const Option *option)
{
    return option->key[0] >= 'A' && option->key[0] <= 'Z';
}

typedef struct Reader {
    Arena *arena;
    char **argv;
    int argc, at;
    Parsed *out;
    bool is_literal;               /* behind -- */
} Reader;

static bool usage(Err *err, const char *format, ...) PRINTF_LIKE(2, 3);
static bool usage(Err *err, const char *format, ...)
{
    AUTO(text) Text text = {0};
    va_list args;
    va_start(args, format);
    text_vprint(&text, format, args);
    va_end(args);
    return err_set(err, ERR_USAGE, NOWHERE, STR_FMT, STR_ARG(text_str(&text)));
}

static bool is_among(Str word, const char *words)
{
    Str rest = str_of(words), part;
    while (rest.len && str_next_part(&rest, ' ', &part))
        if (str_eq(part, word))
            return true;
    return false;
}

/* ---- names ---- */

/* The option of that name for the command; *is_no when it is its negative. */
static const Option *find_option(CommandId command, Str name, bool *is_no)
{
    for (uint32_t i = 0; i < options_count; i++) {
        const Option *option = &options_table[i];
        if (!(option->on & COMMAND_BIT(command)))
            continue;
        *is_no = option->negative[0] && str_is(name, option->negative);
        if (*is_no || is_among(name, option->names))
            return option;
    }
    return NULL;
}

static bool no_such_option(CommandId command, Str name, Err *err)
{
    Str names[512];
    size_t count = 0;
    for (uint32_t i = 0; i < options_count; i++) {
        const Option *option = &options_table[i];
        if (!(option->on & COMMAND_BIT(command)))
            continue;
        Str rest = str_of(option->names), part;
        while (count + 2 < COUNT_OF(names) && str_next_part(&rest, ' ', &part))
            names[count++] = part;
        if (option->negative[0])
            names[count++] = str_of(option->negative);
    }
    Str nearest = str_nearest(name, names, count);
    if (!nearest.at)
        return usage(err, "No such option '" STR_FMT "'.", STR_ARG(name));
    return usage(err, "No such option '" STR_FMT "'. Did you mean '" STR_FMT "'?", STR_ARG(name),
                 STR_ARG(nearest));
}

/* "'--fail-fast' / '-x'": how messages name an option. */
static void add_label(const Option *option, Text *out)
{
    Str rest = str_of(option->names), part;
    const char *between = "";
    while (str_next_part(&rest, ' ', &part)) {
        text_print(out, "%s'" STR_FMT "'", between, STR_ARG(part));
        between = " / ";
    }
}

static bool invalid(const Option *option, Err *err, const char *format, ...) PRINTF_LIKE(3, 4);
static bool invalid(const Option *option, Err *err, const char *format, ...)
{
    AUTO(text) Text text = {0};
    text_add_c(&text, "Invalid value for ");
    add_label(option, &text);
    text_add_c(&text, ": ");
    va_list args;
    va_start(args, format);
    text_vprint(&text, format, args);
    va_end(args);
    return usage(err, STR_FMT, STR_ARG(text_str(&text)));
}

/* ---- values ---- */

static bool bad_choice(const Option *option, Str word, Err *err)
{
    AUTO(text) Text list = {0};
    Str names[32], rest = str_of(option->choices), part;
    size_t count = 0;
    while (count < COUNT_OF(names) && str_next_part(&rest, ' ', &part)) {
        text_print(&list, "%s'" STR_FMT "'", count ? ", " : "", STR_ARG(part));
        names[count++] = part;
    }
    Str nearest = str_nearest(word, names, count);
    if (!nearest.at)
        return invalid(option, err, "'" STR_FMT "' is not one of " STR_FMT ".", STR_ARG(word),
                       STR_ARG(text_str(&list)));
    return invalid(option, err,
                   "'" STR_FMT "' is not one of " STR_FMT ". Did you mean '" STR_FMT "'?",
                   STR_ARG(word), STR_ARG(text_str(&list)), STR_ARG(nearest));
}

static bool to_bool(const Option *option, Str text, Value *out, Err *err)
{
    Str word = str_trim(text);
    static const char *const yes[] = {"1", "on", "t", "true", "y", "yes"};
    static const char *const no[] = {"", "0", "off", "f", "false", "n", "no"};
    for (size_t i = 0; i < COUNT_OF(yes); i++)
        if (str_eq_fold(word, str_of(yes[i]))) {
            *out = value_bool(true);
            return true;
        }
    for (size_t i = 0; i < COUNT_OF(no); i++)
        if (str_eq_fold(word, str_of(no[i]))) {
            *out = value_bool(false);
            return true;
        }
    return invalid(option, err,
                   "'" STR_FMT "' is not a valid boolean. Recognized values: , 0, 1, f, false, n, "
                   "no, off, on, t, true, y, yes", STR_ARG(text));
}

static bool to_mapping(Arena *arena, const Option *option, Str text, Value *out, Err *err)
{
    YamlDoc doc = {0};
    Err why = {0};
    bool ok = yaml_parse(arena, str_copy(arena, text), STR_NONE, &doc, &why);
    bool is_empty = ok && value_is_none(doc.root) && !str_trim(text).len;
    if (ok && (value_is_dict(doc.root) || is_empty)) {
        *out = is_empty ? value_dict(arena) : doc.root;
        return true;
    }
    if (ok)
        invalid(option, err, "'" STR_FMT "' is no mapping of names to values, such as "
                "'{name: value}'", STR_ARG(text));
    else
        invalid(option, err, "'" STR_FMT "' is not valid YAML: line %d, column %d: %s",
                STR_ARG(text), why.place.line, why.place.column, why.text);
    err_drop(&why);
    return false;
}

/* "2024-09-01", "2024-09-01 12:30:00", with T as well. */
static bool is_time(Str text)
{
    static const char *const forms[] = {"dddd-dd-dd", "dddd-dd-dd dd:dd:dd", "dddd-dd-ddTdd:dd:dd"};
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        Str form = str_of(forms[i]);
        size_t at = 0;
        while (at < form.len && at < text.len &&
               (form.at[at] == 'd' ? text.at[at] >= '0' && text.at[at] <= '9'
                                   : text.at[at] == form.at[at]))
            at++;
        if (at == form.len && at == text.len)
            return true;
    }
    return false;
}

static bool to_window(Arena *arena, const Option *option, Str text, Value *out, Err *err)
{
    Err why = {0};
    if (event_time_sample(arena, text, clock_now_us(), out, &why))
        return true;
    invalid(option, err, "%s", why.text);
    err_drop(&why);
    return false;
}

bool option_convert(Arena *arena, const Option *option, Str text, Value *out, Err *err)
{
    int64_t number;
    switch (option->kind) {
    case OPTION_FLAG: return to_bool(option, text, out, err);
    case OPTION_INT:
        if (!str_to_int(str_trim(text), &number))
            return invalid(option, err, "'" STR_FMT "' is not a valid integer.", STR_ARG(text));
        *out = value_int(number);
        return true;
    case OPTION_FOLDER:
        if (file_info(text).kind == FILE_ABSENT)
            return invalid(option, err, "Path '" STR_FMT "' does not exist.", STR_ARG(text));
        if (file_info(text).kind != FILE_FOLDER)
            return invalid(option, err, "Directory '" STR_FMT "' is a file.", STR_ARG(text));
        break;
    case OPTION_CHOICE:
    case OPTION_WORDS:
        if (option->choices[0] && !is_among(text, option->choices))
            return bad_choice(option, text, err);
        break;
    case OPTION_YAML: return to_mapping(arena, option, text, out, err);
    case OPTION_TIME:
        if (!is_time(text))
            return invalid(option, err, "'" STR_FMT "' does not match the formats '%%Y-%%m-%%d', "
                           "'%%Y-%%m-%%dT%%H:%%M:%%S', '%%Y-%%m-%%d %%H:%%M:%%S'.", STR_ARG(text));
        if (!event_time_read(arena, text, out))
            return invalid(option, err, "'" STR_FMT "' is no date that there is", STR_ARG(text));
        return true;
    case OPTION_SAMPLE: return to_window(arena, option, text, out, err);
    case OPTION_TEXT:
    case OPTION_PATH: break;
    }
    *out = value_text(text);
    return true;
}

static bool put(Reader *reader, const Option *option, Str text, Err *err)
{
    Value value;
    TRY(option_convert(reader->arena, option, text, &value, err));
    dict_put(reader->out->given, str_of(option->key), value);
    return true;
}

/* Words until the next option; repeated options add up. A quoted "a b" is two words. */
static bool take_words(Reader *reader, const Option *option, Str first, Err *err)
{
    Value *known = dict_find(reader->out->given, str_of(option->key));
    Value list = known ? *known : value_list(reader->arena);
    dict_put(reader->out->given, str_of(option->key), list);
    Str word = first;
    for (;;) {
        Str rest = word, part;
        while (str_next_part(&rest, ' ', &part)) {
            Value value;
            if (!str_trim(part).len)
                continue;
            TRY(option_convert(reader->arena, option, str_trim(part), &value, err));
            array_add(list.list, value);
        }
        if (reader->at >= reader->argc || reader->argv[reader->at][0] == '-')
            return true;
        word = str_of(reader->argv[reader->at++]);
    }
}

/* ---- the walk over argv ---- */

static bool take_value(Reader *reader, const Option *option, Str name, Str attached, Err *err)
{
    Str text = attached;
    if (!text.at) {
        if (reader->at >= reader->argc ||
            (option->kind == OPTION_WORDS && reader->argv[reader->at][0] == '-'))
            return usage(err, "Option '" STR_FMT "' requires an argument.", STR_ARG(name));
        text = str_of(reader->argv[reader->at++]);
    }
    if (option->kind == OPTION_WORDS)
        return take_words(reader, option, text, err);
    return put(reader, option, text, err);
}

/* Global options are known before the command is; others are looked up in its rows. */
static bool take_option(Reader *reader, Str name, Str attached, Err *err)
{
    bool is_no = false;
    const Option *option = find_option(reader->out->command, name, &is_no);
    if (!option)
        return no_such_option(reader->out->command, name, err);
    if (option->kind != OPTION_FLAG)
        return take_value(reader, option, name, attached, err);
    if (attached.at)
        return usage(err, "Option '" STR_FMT "' does not take a value.", STR_ARG(name));
    dict_put(reader->out->given, str_of(option->key), value_bool(!is_no));
    return true;
}

/* -qd, -tdev, -s */
static bool take_letters(Reader *reader, Str word, Err *err)
{
    for (size_t i = 1; i < word.len; i++) {
        Str name = str_print(reader->arena, "-%c", word.at[i]);
        if (str_is(name, "-h")) {
            reader->out->wants_help = true;
            continue;
        }
        if (str_is(name, "-v") || str_is(name, "-V")) {
            reader->out->wants_version = true;
            continue;
        }
        bool is_no;
        const Option *option = find_option(reader->out->command, name, &is_no);
        if (!option)
            return no_such_option(reader->out->command, name, err);
        if (option->kind != OPTION_FLAG) {
            Str rest = str_slice(word, i + 1, word.len);
            return take_value(reader, option, name, rest.len ? rest : STR_NONE, err);
        }
        TRY(take_option(reader, name, STR_NONE, err));
    }
    return true;
}

static bool names_command(Str words, CommandId *out)
{
    for (CommandId id = 1; id < COMMAND_COUNT; id++)
        if (str_is(words, commands[id].name) ||
            (commands[id].alias[0] && str_is(words, commands[id].alias))) {
            *out = id;
            return true;
        }
    return false;
}

static bool no_such_command(Str word, Err *err)
{
    Str names[COMMAND_COUNT * 2];
    size_t count = 0;
    for (CommandId id = 1; id < COMMAND_COUNT; id++) {
        names[count++] = str_of(commands[id].name);
        if (commands[id].alias[0])
            names[count++] = str_of(commands[id].alias);
    }
    Str nearest = str_nearest(word, names, count);
    if (!nearest.at)
        return usage(err, "No such command '" STR_FMT "'.", STR_ARG(word));
    return usage(err, "No such command '" STR_FMT "'. Did you mean '" STR_FMT "'?", STR_ARG(word),
                 STR_ARG(nearest));
}

static bool take_word(Reader *reader, Str word, Err *err)
{
    Parsed *out = reader->out;
    if (out->command != COMMAND_NONE) {
        Str takes = str_of(commands[out->command].argument);
        if (!takes.len || (out->argument.at && !str_ends(takes, STR("..."))))
            return usage(err, "Got unexpected extra argument (" STR_FMT ")", STR_ARG(word));
        out->argument = out->argument.at ? out->argument : word;
        array_add(out->arguments, value_text(word));
        return true;
    }
    if (str_is(word, "help")) {
        out->wants_help = true;
        return true;
    }
    CommandId first = str_is(word, "docs")       ? COMMAND_DOCS_GENERATE
                      : str_is(word, "source")   ? COMMAND_FRESHNESS
                      : str_is(word, "schema")   ? COMMAND_SCHEMA_LIST
                      : str_is(word, "generate") ? COMMAND_GENERATE_PARTNER
                                                 : COMMAND_NONE;
    if (first == COMMAND_NONE)
        return names_command(word, &out->command) || no_such_command(word, err);
    if (reader->at >= reader->argc || reader->argv[reader->at][0] == '-') {
        out->command = first;
        if (reader->at < reader->argc)
            return true;
        return usage(err, "Missing command.");
    }
    Str second = str_of(reader->argv[reader->at++]);
    Str both = str_print(reader->arena, STR_FMT " " STR_FMT, STR_ARG(word), STR_ARG(second));
    return names_command(both, &out->command) || no_such_command(both, err);
}

static bool take_one(Reader *reader, Err *err)
{
    Str word = str_of(reader->argv[reader->at++]);
    if (reader->is_literal || word.len < 2 || word.at[0] != '-')
        return take_word(reader, word, err);
    if (str_is(word, "--")) {
        reader->is_literal = true;
        return true;
    }
    if (str_is(word, "--help")) {
        reader->out->wants_help = true;
        return true;
    }
    if (str_is(word, "--version")) {
        reader->out->wants_version = true;
        return true;
    }
    if (word.at[1] != '-')
        return take_letters(reader, word, err);
    ptrdiff_t equals = str_find_char(word, '=');
    if (equals < 0)
        return take_option(reader, word, STR_NONE, err);
    Str attached = str_slice(word, (size_t)equals + 1, word.len);
    if (!attached.at)
        attached = STR("");
    return take_option(reader, str_slice(word, 0, (size_t)equals), attached, err);
}

bool options_parse(Arena *arena, int argc, char **argv, Parsed *out, Err *err)
{
    *out = (Parsed){.given = dict_make(arena, 16), .arguments = array_make(arena, 4)};
    Reader reader = {.arena = arena, .argv = argv, .argc = argc, .at = 1, .out = out};
    while (reader.at < argc && !out->wants_version) {
        TRY(take_one(&reader, err));
        if (out->wants_help && out->command != COMMAND_NONE)
            return true;
    }
    if (out->wants_help || out->wants_version)
        return true;
    if (out->command == COMMAND_NONE)
        return usage(err, "Missing command.");
    if (dict_find(out->given, STR("warn_error")) &&
        dict_find(out->given, STR("warn_error_options")))
        return usage(err, "--warn-error-options: not allowed with argument --warn-error");
    return true;
}
