/* options.h: private to cli/: the command line, and the flags that come of it.
 *
 *   argv -> options_parse() -> Parsed (command, words given) --+
 *   DBT_*, DBT_ENGINE_* in the environment --------------------+--> flags_make() -> dict
 *   flags: of dbt_project.yml, defaults of options.def --------+
 *
 * Precedence and messages: dbt-core 1.12.6, by running it.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "base/value.h"

typedef enum CommandId {
    COMMAND_NONE,
#define COMMAND(id, name, alias, argument, function, about) COMMAND_##id,
#include "cli/commands.def"
#undef COMMAND
    COMMAND_COUNT,
} CommandId;

#define COMMAND_BIT(command) ((uint64_t)1 << (command))

typedef struct Command {
    const char *name, *alias;      /* "docs generate"; alias "" = none      */
    const char *argument;          /* "MACRO"; "" = takes no word           */
    const char *about;
} Command;
extern const Command commands[COMMAND_COUNT];

/* Takes no project and no options of every command; its output is all that it prints. */
static inline bool command_is_alone(CommandId id)
{
    return id == COMMAND_RENDER || id == COMMAND_GENERATE_PARTNER;
}

/* Works on files as text: no log, no word on standard output but its own. */
static inline bool command_is_text(CommandId id)
{
    return id == COMMAND_LINT || id == COMMAND_FORMAT;
}

typedef enum OptionKind {
    OPTION_FLAG, OPTION_TEXT, OPTION_INT, OPTION_FOLDER, OPTION_PATH, OPTION_CHOICE, OPTION_YAML,
    OPTION_WORDS, OPTION_TIME, OPTION_SAMPLE,
} OptionKind;

/* A row of options.def. */
typedef struct Option {
    const char *key, *names, *negative;
    OptionKind kind;
    const char *choices, *value, *standard;
    uint64_t on;                   /* COMMAND_BIT()s; bit 0: before any command */
    const char *about;
} Option;
extern const Option options_table[];
extern const uint32_t options_count;

/* Is `key` one of the command line only: THREADS, SELECT? */
bool option_is_local(const Option *option);

/* One value of an option as text, from the command line or the environment, with its type.
 * Fails ERR_USAGE with click's message: "Invalid value for '--threads': ..." */
MUST bool option_convert(Arena *arena, const Option *option, Str text, Value *out, Err *err);

/* What the command line said. */
typedef struct Parsed {
    CommandId command;
    Dict *given;                   /* key as in the table -> typed value      */
    Str argument;                  /* the word of run-operation, init         */
    Array *arguments;              /* all of them, where a command takes more */
    bool wants_help, wants_version;
} Parsed;

/* Reads argv.
 * out     `command` is set as far as it was read, also on failure: usage lines name it
 * Fails   ERR_USAGE with click's message, without "Error: " in front
 * Owner   texts are views into argv, the rest is in the arena
 */
MUST bool options_parse(Arena *arena, int argc, char **argv, Parsed *out, Err *err);

/* Every flag: command line over environment over project over default. Lists for WORDS, none
 * left out; keys in lower case. Keys of options that the command does not take are absent.
 * project   flags: of dbt_project.yml, or UNDEFINED
 * Fails     ERR_USAGE for an environment variable that is no value of its option */
MUST bool flags_make(Arena *arena, const Parsed *parsed, Value project, Value *out, Err *err);

/* Flags of a dict made by flags_make(). */
static inline bool flag_is(Value flags, const char *key)
{
    return value_truth(value_get(flags, key));
}
static inline Str flag_text(Value flags, const char *key)
{
    return value_get_text(flags, key, STR_NONE);
}

/* ---- help.c ---- */

/* "Usage: weir run [OPTIONS]\nTry 'weir run --help' for help.\n" + blank line + "Error: ..." */
void help_print_error(const char *program, CommandId command, const Err *err, Text *out);
void help_print(const char *program, CommandId command, Text *out);
void help_print_version(const char *program, Text *out);

#endif
