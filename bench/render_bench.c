/* render_bench.c: compiles and renders a template over and over; built by bench/run.
 *
 *   render_bench TEMPLATE CONTEXT.json MILLISECONDS [OUTPUT]
 *
 * Prints a JSON line: the median CPU microseconds of one compile + render. The context holds the
 * names a model uses most (ref, source, config, var, is_incremental, this, target), as the
 * programs for jinja2 and minijinja beside this file give them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "jinja/jinja.h"

#define SAMPLES_MAX 100000

static Value given; /* the context file */

/* ---- the names ---- */

static bool give_config(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)call, (void)err;
    *out = value_lit("");
    return true;
}

static bool give_relation(Call *call, const char *format, Str a, Str b, Value *out)
{
    char *text = arena_take(call->arena, a.len + b.len + 24, 1);
    int len = snprintf(text, a.len + b.len + 24, format, STR_ARG(a), STR_ARG(b));
    *out = value_text((Str){text, (size_t)len});
    return true;
}

static bool give_ref(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"name"};
    Value slots[1] = {0};
    TRY(call_bind(call, "ref", names, 1, 1, slots, err));
    return give_relation(call, "\"shop\".\"" STR_FMT "\".\"" STR_FMT "\"", STR("main"),
                         value_str(slots[0]), out);
}

static bool give_source(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"source", "name"};
    Value slots[2] = {0};
    TRY(call_bind(call, "source", names, 2, 2, slots, err));
    return give_relation(call, "\"shop\".\"" STR_FMT "\".\"" STR_FMT "\"", value_str(slots[0]),
                         value_str(slots[1]), out);
}

static bool give_var(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"name", "default"};
    Value slots[2] = {{0}, NONE};
    TRY(call_bind(call, "var", names, 2, 1, slots, err));
    const Value *found = dict_find(value_get(given, "vars").dict, value_str(slots[0]));
    *out = found ? *found : slots[1];
    return true;
}

static bool give_is_incremental(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)call, (void)err;
    *out = value_get(given, "is_incremental");
    return true;
}

static bool find_name(void *context, Str name, uint32_t hash, Value *out, Err *err)
{
    (void)err;
    const Value *found = dict_find_hashed(context, name, hash);
    *out = found ? *found : UNDEFINED;
    return true;
}

static Dict *names_make(Arena *arena)
{
    Dict *names = value_dict(arena).dict;
    dict_put(names, STR("this"), value_get(given, "this"));
    dict_put(names, STR("target"), value_get(given, "target"));
    dict_put(names, STR("config"), value_function(arena, "config", give_config, NULL));
    dict_put(names, STR("ref"), value_function(arena, "ref", give_ref, NULL));
    dict_put(names, STR("source"), value_function(arena, "source", give_source, NULL));
    dict_put(names, STR("var"), value_function(arena, "var", give_var, NULL));
    dict_put(names, STR("is_incremental"),
             value_function(arena, "is_incremental", give_is_incremental, NULL));
    return names;
}

/* ---- the loop ---- */

static double cpu_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static bool once(Str source, Str name, Dict *names, Text *out, Err *err)
{
    AUTO(arena) Arena arena = {0};
    const JinjaSyntax syntax = {0};
    RenderOptions options = {.scope = {find_name, names}};
    Template *template;
    text_clear(out);
    TRY(jinja_compile(&arena, source, name, &syntax, &template, err));
    return jinja_render(template, &arena, &options, out, err);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Samples of at least 500 us, until the time is up. */
static bool measure(Str source, Str name, Dict *names, int64_t budget_us, Err *err)
{
    static double samples[SAMPLES_MAX];
    AUTO(text) Text out = {0};
    size_t count = 0, rounds = 1;
    int64_t end_us = clock_steady_us() + budget_us;
    while ((clock_steady_us() < end_us || count < 5) && count < SAMPLES_MAX) {
        double began_us = cpu_us();
        for (size_t i = 0; i < rounds; i++)
            TRY(once(source, name, names, &out, err));
        double took_us = cpu_us() - began_us;
        samples[count++] = took_us / (double)rounds;
        if (took_us < 500.0) {
            rounds *= 2;
            count = 0;
        }
    }
    qsort(samples, count, sizeof samples[0], compare);
    printf("{\"us\": %.3f, \"rounds\": %zu}\n", samples[count / 2], count * rounds);
    return true;
}

static bool run(int argc, char **argv, Err *err)
{
    AUTO(arena) Arena arena = {0};
    AUTO(text) Text out = {0};
    Str source, json, name = str_of(argv[1]);
    TRY(file_read(&arena, name, &source, err));
    TRY(file_read(&arena, str_of(argv[2]), &json, err));
    TRY(json_parse(&arena, json, str_of(argv[2]), &given, err));
    Dict *names = names_make(&arena);
    TRY(once(source, name, names, &out, err));
    if (argc > 4)
        TRY(file_write(str_of(argv[4]), text_str(&out), false, err));
    return measure(source, name, names, strtoll(argv[3], NULL, 10) * 1000, err);
}

int main(int argc, char **argv)
{
    Err err = {0};
    if (argc < 4) {
        fputs("usage: render_bench TEMPLATE CONTEXT.json MILLISECONDS [OUTPUT]\n", stderr);
        return 2;
    }
    if (run(argc, argv, &err))
        return 0;
    fprintf(stderr, "%s\n", err.text);
    err_drop(&err);
    return 1;
}
