/* help.c: usage lines, --help and --version. */
#include "cli/options.h"
#include "config.h"
#include "context/context.h"

enum { ABOUT_COLUMN = 34 };

/* "weir run [OPTIONS]" */
static void add_usage(const char *program, CommandId command, Text *out)
{
    if (command == COMMAND_NONE) {
        text_print(out, "Usage: %s [OPTIONS] COMMAND [ARGS]...\n", program);
        return;
    }
    const Command *row = &commands[command];
    text_print(out, "Usage: %s %s [OPTIONS]%s%s\n", program, row->name,
               row->argument[0] ? " " : "", row->argument);
}

void help_print_error(const char *program, CommandId command, const Err *err, Text *out)
{
    add_usage(program, command, out);
    text_print(out, "Try '%s%s%s --help' for help.\n\nError: %s\n", program,
               command == COMMAND_NONE ? "" : " ",
               command == COMMAND_NONE ? "" : commands[command].name, err->text);
}

/* "  left ...   about" */
static void add_row(Text *out, const Text *left, const char *about)
{
    text_print(out, "  " STR_FMT, STR_ARG(text_str(left)));
    if (left->len + 2 >= ABOUT_COLUMN)
        text_add_char(out, '\n');
    size_t used = left->len + 2 >= ABOUT_COLUMN ? 0 : left->len + 2;
    text_add_repeat(out, ' ', ABOUT_COLUMN - used);
    text_print(out, "%s\n", about);
}

static void add_option(const Option *option, Text *out)
{
    AUTO(text) Text left = {0}, about = {0};
    Str rest = str_of(option->names), part;
    while (str_next_part(&rest, ' ', &part))
        text_print(&left, "%s" STR_FMT, left.len ? ", " : "", STR_ARG(part));
    if (option->negative[0])
        text_print(&left, " / %s", option->negative);
    if (option->value[0])
        text_print(&left, " %s%s", option->value, option->kind == OPTION_WORDS ? "..." : "");
    text_add_c(&about, option->about);
    if (option->choices[0])
        text_print(&about, ": %s", option->choices);
    if (option->standard[0] && option->kind != OPTION_FLAG && option->kind != OPTION_YAML)
        text_print(&about, " [%s]", option->standard);
    add_row(out, &left, about.at);
}

static void add_options(CommandId command, bool wants_global, Text *out)
{
    for (uint32_t i = 0; i < options_count; i++) {
        const Option *option = &options_table[i];
        bool is_global = option->on & 1;
        if ((option->on & COMMAND_BIT(command)) && is_global == wants_global &&
            option->about[0])
            add_option(option, out);
    }
}

static void add_standing_options(Text *out)
{
    text_add_c(out, "  -h, --help                      Show this and leave\n"
                    "  -V, -v, --version               Show the version and leave\n");
}

void help_print(const char *program, CommandId command, Text *out)
{
    add_usage(program, command, out);
    if (command != COMMAND_NONE) {
        text_print(out, "\n  %s.\n\nOptions:\n", commands[command].about);
        add_options(command, false, out);
        if (!command_is_alone(command)) {
            text_add_c(out, "\nOptions of every command:\n");
            add_options(command, true, out);
        }
        add_standing_options(out);
        return;
    }
    text_print(out, "\n  Runs a data team's pipeline: builds, tests and documents a dbt project on "
                    "DuckDB or Postgres.\n\nCommands:\n");
    for (CommandId id = 1; id < COMMAND_COUNT; id++) {
        AUTO(text) Text left = {0};
        text_add_c(&left, commands[id].name);
        if (commands[id].alias[0] && id != COMMAND_FRESHNESS)
            text_print(&left, ", %s", commands[id].alias);
        add_row(out, &left, commands[id].about);
    }
    text_print(out, "\nOptions of every command (before it or behind it):\n");
    add_options(COMMAND_NONE, true, out);
    add_standing_options(out);
    text_print(out, "\nEvery option can also be set as DBT_NAME in the environment or under "
                    "`flags:` in dbt_project.yml.\n"
                    "'%s COMMAND --help' shows a command's own options.\n",
               program);
}

/* Tools read "installed: X" and the adapter's row. */
void help_print_version(const char *program, Text *out)
{
    text_print(out,
               "%s %s\n\nCore:\n  - installed: " DBT_VERSION
               "\n\nPlugins:\n",
               str_is(str_of(program), "dbt") ? "weir, as dbt," : "weir", WEIR_VERSION);
    for (uint32_t i = 0; dialect_at(i); i++)
        text_print(out, "  - " STR_FMT ": " STR_FMT "\n", STR_ARG(dialect_at(i)->type),
                   STR_ARG(dialect_at(i)->version));
}
