/* render_main.c: jinja-render: `weir render` by itself, for the tests of this room.
 *
 *   jinja-render --template FILE [--vars FILE.json] [--trim-blocks] [--lstrip-blocks]
 *                [--keep-trailing-newline] [--strict]
 *   jinja-render --batch FILE.jsonl     one template a line, one answer a line
 */
#include <stdio.h>

#include "base/file.h"
#include "base/json.h"
#include "jinja/jinja.h"

typedef struct Options {
    const char *template, *vars, *batch;
    JinjaSyntax syntax;
    bool is_strict;
} Options;

static bool options_parse(int count, char **words, Options *out)
{
    for (int i = 1; i < count; i++) {
        Str word = str_of(words[i]);
        const char **value = str_is(word, "--template") ? &out->template
                             : str_is(word, "--vars")   ? &out->vars
                             : str_is(word, "--batch")  ? &out->batch : NULL;
        bool *flag = str_is(word, "--trim-blocks")             ? &out->syntax.trim_blocks
                     : str_is(word, "--lstrip-blocks")         ? &out->syntax.lstrip_blocks
                     : str_is(word, "--keep-trailing-newline") ? &out->syntax.keep_trailing_newline
                     : str_is(word, "--strict")                ? &out->is_strict : NULL;
        if (value && i + 1 < count)
            *value = words[++i];
        else if (flag)
            *flag = true;
        else
            return false;
    }
    return out->template || out->batch;
}

static bool render_one(const Options *options, Text *out, Err *err)
{
    AUTO(arena) Arena arena = {0};
    Str source, vars_source;
    Value vars = value_dict(&arena);
    TRY(file_read(&arena, str_of(options->template), &source, err));
    if (options->vars) {
        TRY(file_read(&arena, str_of(options->vars), &vars_source, err));
        TRY(json_parse(&arena, vars_source, str_of(options->vars), &vars, err));
    }
    return jinja_render_file(source, str_of(options->template), vars, &options->syntax,
                             options->is_strict ? UNDEFINED_STRICT : UNDEFINED_LENIENT, out, err);
}

static bool flag_of(Value job, const char *name)
{
    return value_truth(value_get(job, name));
}

static void answer_line(Arena *arena, Str line, Text *out)
{
    AUTO(err) Err err = {0};
    AUTO(text) Text text = {0}, message = {0};
    Value job, answer = value_dict(arena);
    bool is_fine = json_parse(arena, line, STR("batch"), &job, &err);
    if (is_fine) {
        JinjaSyntax syntax = {flag_of(job, "trim_blocks"), flag_of(job, "lstrip_blocks"),
                              flag_of(job, "keep_trailing_newline"), false};
        Value vars = value_get(job, "vars");
        is_fine = jinja_render_file(value_get_text(job, "template", STR_NONE), STR("template"),
                                    value_is_dict(vars) ? vars : value_dict(arena), &syntax,
                                    flag_of(job, "strict") ? UNDEFINED_STRICT : UNDEFINED_LENIENT,
                                    &text, &err);
    }
    if (!is_fine)
        err_print(&err, &message);
    dict_put(answer.dict, is_fine ? STR("output") : STR("error"),
             value_text(text_str(is_fine ? &text : &message)));
    json_print(answer, (JsonStyle){0}, out);
    text_add_char(out, '\n');
}

static bool render_batch(const Options *options, Text *out, Err *err)
{
    AUTO(arena) Arena file_arena = {0};
    Str source, line;
    TRY(file_read(&file_arena, str_of(options->batch), &source, err));
    while (str_next_part(&source, '\n', &line)) {
        AUTO(arena) Arena arena = {0};
        if (line.len)
            answer_line(&arena, line, out);
    }
    return true;
}

int main(int count, char **words)
{
    AUTO(text) Text out = {0}, message = {0};
    AUTO(err) Err err = {0};
    Options options = {0};
    if (!options_parse(count, words, &options)) {
        fprintf(stderr, "usage: jinja-render --template FILE [--vars FILE.json] [--trim-blocks] "
                        "[--lstrip-blocks] [--keep-trailing-newline] [--strict]\n");
        return 2;
    }
    if (!(options.batch ? render_batch(&options, &out, &err) : render_one(&options, &out, &err))) {
        err_print(&err, &message);
        fprintf(stderr, "%s\n", message.at);
        return 1;
    }
    fwrite(out.at ? out.at : "", 1, out.len, stdout);
    return fflush(stdout) == 0 ? 0 : 1;
}
