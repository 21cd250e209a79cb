/* lint.h: what is untidy in Jinja SQL, and tidying it, without rendering.
 *
 *   text -tokens-> variants -parse-> tree + indents -rules-> violations -fix-> text
 *
 * A template is read as it stands: {{ }} is one opaque word whose role is guessed from where it
 * stands, {% if %} gives one variant a branch, each linted by itself; bodies of macros, of set
 * blocks and of calls are left alone. SQL that is not understood is left alone too.
 * Rules, codes, names, configuration and noqa: sqlfluff 4.5.0, by running it (README.md says where
 * this differs on purpose).
 */
#ifndef LINT_LINT_H
#define LINT_LINT_H

#include "base/err.h"
#include "base/value.h"

/* How --fix changes the text. */
typedef enum FixKind { FIX_NOTHING, FIX_LAYOUT, FIX_CASE, FIX_WORDS } FixKind;

typedef struct LintRule {
    const char *code, *name, *about;  /* "LT01", "layout.spacing"                            */
    bool is_core;
    FixKind fixes;
} LintRule;

/* Every rule, in order of codes: what rules.def lists. */
extern const LintRule lint_rules[];
extern const uint32_t lint_rule_count;

typedef struct Violation {
    uint32_t rule;                /* number in lint_rules                                    */
    uint32_t offset;              /* of the byte it is about                                 */
    uint32_t line, column;        /* 1-based; columns in code points                         */
    bool is_fixable;
    Str text;                     /* "Unnecessary trailing whitespace."                      */
} Violation;

typedef struct Violations {
    Violation *at;
    uint32_t len, cap;
} Violations;

typedef struct LintConfig LintConfig;

/* What the command line says over every configuration file; empty = not said. */
typedef struct LintOverrides {
    Str dialect, rules, exclude_rules, max_line_length;
    bool formats;                 /* weir format: layout and case rules only, its own style where
                                     no file configures any */
} LintOverrides;

/* The configuration of one folder: setup.cfg, tox.ini, pep8.ini, .sqlfluff and pyproject.toml of
 * every folder from the outermost one of a repository or the home folder down to this one.
 * folder   absolute
 * Fails    ERR_USAGE with the file's place for a value that cannot be; ERR_IO
 * Cost     a handful of stat calls a folder; keep the result for all files of the folder
 * Owner    the arena; frozen */
MUST bool lint_config_load(Arena *arena, Str folder, const LintOverrides *overrides,
                           LintConfig **out, Err *err);

/* Names of rules that are on, for messages and tests. */
bool lint_config_has(const LintConfig *config, const char *code);

/* What is wrong with a text: sorted by place, noqa comments heeded.
 * source   UTF-8; at most 4 GiB, beyond 20,000,000 bytes it gives no violations
 * unparsed out: the number of places that were not understood; the first one is *unparsed_line
 * Cost     O(bytes * variants), some 50 us for a typical model; memory some 40 times the text
 * Owner    the arena
 * Threads  safe for different arenas: the config is frozen */
typedef struct LintReport {
    Violations violations;
    uint32_t unparsed, unparsed_line;
} LintReport;
void lint_text(const LintConfig *config, Arena *arena, Str source, LintReport *out);

/* The text with everything mended that a rule can mend; the same bytes where nothing is.
 * Only white space, places of comments, letters' case of words that are no quoted names, and AS
 * before aliases are changed: checked against lint_same_code() before it is given out, whatever the
 * rules did. A second call changes nothing. Owner: the arena. */
Str lint_fix(const LintConfig *config, Arena *arena, Str source);

/* Do two texts hold the same code: equal tokens and comments but for white space, case of words,
 * white space within Jinja tags' ends and inserted AS? */
bool lint_same_code(Arena *arena, Str a, Str b);

/* ---- files ---- */

typedef struct LintFileEntry {
    Str path;                     /* as named or found: relative paths stay relative          */
    const LintConfig *config;
    Str source;                   /* after lint_files_run()                                   */
    Str fixed;                    /* at NULL: nothing changes                                 */
    LintReport report;            /* before the fix, or after it where fixes are asked for    */
    uint32_t fixed_count;         /* violations that the fix took away                        */
    Str failure;                  /* not empty: could not be read; why                        */
} LintFileEntry;

typedef struct LintFiles {
    LintFileEntry *at;
    uint32_t len, cap;
} LintFiles;

/* The SQL files that paths mean: files as named, those of folders by their endings, without what
 * .sqlfluffignore, `ignore_paths` and standing folders (target, dbt_packages, dot folders) leave
 * out. Sorted, each once.
 * Fails  ERR_USAGE: a path that does not exist; ERR_IO */
MUST bool lint_files_find(Arena *arena, const Str *paths, uint32_t count,
                          const LintOverrides *overrides, LintFiles *out, Err *err);

/* Reads and lints (and fixes) all of them on `workers` threads. Arenas: one a worker, dropped with
 * `arena`. */
void lint_files_run(Arena *arena, LintFiles *files, bool fixes, unsigned workers);

/* ---- output ---- */

typedef enum LintForm {
    LINT_HUMAN,
    LINT_JSON,
    LINT_YAML,
    LINT_GITHUB,
    LINT_GITHUB_NATIVE
} LintForm;

/* All files' violations. HUMAN: "a.sql:3:5 LT01 what (layout.spacing)", with `shows_lines` the line
 * and a caret below; JSON, YAML and the GITHUB ones have sqlfluff's keys. */
void lint_print(const LintFiles *files, LintForm form, bool shows_lines, Text *out);

/* The changes of a text as a unified diff with three lines of context; nothing if there are none.
 * Cost: O(lines * changed lines), at most some 4 million steps. */
void lint_print_diff(Str path, Str before, Str after, Text *out);

/* Is the rule of a violation told as a warning only? */
bool lint_is_warning(const LintConfig *config, const Violation *violation);

#endif
