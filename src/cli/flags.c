/* flags.c: what is in force: command line, environment, project, default. */
#include "base/process.h"
#include "cli/options.h"

/* DBT_ENGINE_FULL_REFRESH, then DBT_FULL_REFRESH. Empty ones are unset. */
static Str from_environment(Arena *arena, const Option *option)
{
    Str name = str_upper(arena, str_of(option->key));
    Str found =
        environment_get(str_c(arena, str_print(arena, "DBT_ENGINE_" STR_FMT, STR_ARG(name))));
    if (!found.len)
        found = environment_get(str_c(arena, str_print(arena, "DBT_" STR_FMT, STR_ARG(name))));
    return found;
}

/* A list of words in one text, or one value. */
static bool from_text(Arena *arena, const Option *option, Str text, Value *out, Err *err)
{
    if (option->kind != OPTION_WORDS)
        return option_convert(arena, option, text, out, err);
    *out = value_list(arena);
    Str rest = text, part;
    while (str_next_part(&rest, ' ', &part)) {
        Value word;
        if (!str_trim(part).len)
            continue;
        TRY(option_convert(arena, option, str_trim(part), &word, err));
        array_add(out->list, word);
    }
    return true;
}

static bool standard(Arena *arena, const Option *option, Value *out, Err *err)
{
    Str text = str_of(option->standard);
    *out = NONE;
    if (option->kind == OPTION_FLAG)
        *out = value_bool(str_is(text, "true"));
    else if (option->kind == OPTION_WORDS || text.len)
        return from_text(arena, option, text, out, err);
    return true;
}

/* What `flags:` of the project says of it; none where it has no usable value. */
static Value from_project(const Option *option, Value project)
{
    Value found = value_get(project, option->key);
    bool fits = option->kind == OPTION_FLAG    ? value_is_bool(found)
                : option->kind == OPTION_INT   ? value_is_int(found)
                : option->kind == OPTION_WORDS ? value_is_list(found)
                : option->kind == OPTION_YAML  ? value_is_dict(found)
                                               : value_is_text(found);
    return fits ? found : NONE;
}

static bool flag_value(Arena *arena, const Parsed *parsed, const Option *option, Value project,
                       Value *out, Err *err)
{
    const Value *given = dict_find(parsed->given, str_of(option->key));
    if (given) {
        *out = *given;
        return true;
    }
    if (option_is_local(option))
        return standard(arena, option, out, err);
    Str text = from_environment(arena, option);
    if (text.len)
        return from_text(arena, option, text, out, err);
    *out = from_project(option, project);
    return !value_is_none(*out) || standard(arena, option, out, err);
}

/* Flags that have no option: project or default. */
static void add_behaviours(Dict *flags, Value project)
{
    static const struct {
        const char *name;
        bool standard;
    } rows[] = {
#define BEHAVIOUR(name, standard) {name, standard},
#include "cli/behaviours.def"
#undef BEHAVIOUR
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Value set = value_get(project, rows[i].name);
        dict_put(flags, str_of(rows[i].name),
                 value_is_bool(set) ? set : value_bool(rows[i].standard));
    }
}

/* Yes-or-no flags of other commands: templates may ask for flags.STORE_FAILURES in a run. */
static void add_foreign(Arena *arena, CommandId command, Dict *flags)
{
    for (uint32_t i = 0; i < options_count; i++) {
        const Option *option = &options_table[i];
        Str key = str_of(option->key);
        bool is_foreign = !(option->on & COMMAND_BIT(command)) && !option_is_local(option) &&
                          option->kind == OPTION_FLAG;
        if (is_foreign && !dict_find(flags, key))
            dict_put(flags, str_copy(arena, key),
                     value_bool(str_is(str_of(option->standard), "true")));
    }
}

bool flags_make(Arena *arena, const Parsed *parsed, Value project, Value *out, Err *err)
{
    Value flags = value_dict(arena);
    for (uint32_t i = 0; i < options_count; i++) {
        const Option *option = &options_table[i];
        Value value;
        if (!(option->on & COMMAND_BIT(parsed->command)))
            continue;
        TRY(flag_value(arena, parsed, option, project, &value, err));
        if (!value_is_none(value))
            dict_put(flags.dict, str_lower(arena, str_of(option->key)), value);
    }
    add_foreign(arena, parsed->command, flags.dict);
    add_behaviours(flags.dict, project);
    *out = flags;
    return true;
}
