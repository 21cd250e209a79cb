/* prop_docs.c: descriptions: {{ doc('x') }} and whatever else stands there as Jinja. */
#include "project/prop.h"

typedef struct DocRender {
    const Loader *loader;
    Arena *arena;
    Str package;
    Array *blocks;   /* ids of the blocks used; NULL: none so far */
} DocRender;

static bool fail_missing(const DocRender *render, Str package, Str name, Err *err)
{
    const Project *project = render->loader->project;
    Str *known = NEW_N(render->arena, Str, project->docs.len + 1);
    uint32_t count = 0;
    for (uint32_t i = 0; i < project->docs.len; i++)
        if (!package.len || str_eq(project->docs.at[i]->package, package))
            known[count++] = project->docs.at[i]->name;
    Str near = str_nearest(name, known, count);
    return err_set(err, ERR_COMPILATION, NOWHERE,
                   "Documentation depends on doc '" STR_FMT "'%s" STR_FMT "%s which was not found%s"
                   STR_FMT "%s",
                   STR_ARG(name), package.len ? " of package '" : "", STR_ARG(package),
                   package.len ? "'" : "", near.len ? ". Did you mean '" : "", STR_ARG(near),
                   near.len ? "'?" : "");
}

static bool call_doc(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    DocRender *render = context_of(call)->owner;
    if (call->arg_count < 1 || call->arg_count > 2)
        return err_set(err, ERR_COMPILATION, NOWHERE,
                       "doc() takes at most two arguments (%u given)", call->arg_count);
    for (uint32_t i = 0; i < call->arg_count; i++)
        if (call->args[i].kind != VALUE_TEXT)
            return err_set(err, ERR_COMPILATION, NOWHERE,
                           "doc() takes names as texts, this is %s",
                           value_type_name(call->args[i]));
    Str name = value_str(call->args[call->arg_count - 1]);
    Str package = call->arg_count == 2 ? value_str(call->args[0]) : STR_NONE;
    Doc *doc = loader_find_doc(render->loader, render->package, package, name);
    if (!doc)
        return fail_missing(render, package, name, err);
    if (!render->blocks)
        render->blocks = array_make(render->arena, 2);
    array_add(render->blocks, value_text(doc->unique_id));
    *out = value_text(doc->contents);
    return true;
}

static bool docs_find(Context *context, Str name, uint32_t hash, Value *out, Err *err)
{
    (void)hash, (void)err;
    *out = str_is(name, "doc") ? value_function(context->arena, "doc", call_doc, NULL) : UNDEFINED;
    return true;
}

static bool docs_var(Context *context, Str name, Value *out, bool *is_found, Err *err)
{
    const DocRender *render = context->owner;
    return loader_var(render->loader, context, name, out, is_found, err);
}

static const Phase phase_docs = {.is_executing = true, .find = docs_find, .var = docs_var};

bool description_render(const Loader *loader, Worker *worker, Str package, Value text,
                        const Document *document, Str *out, Value *blocks, Err *err)
{
    *out = text.kind == VALUE_TEXT ? value_str(text) : STR("");
    *blocks = loader->empty_list;
    if (!jinja_has_tags(*out))
        return true;
    const SourceFile *file = document->file;
    DocRender render = {.loader = loader, .arena = worker->arena, .package = package};
    const Package *owner = loader_package(loader, package);
    Context *context = loader_yaml_context(loader, worker->arena, owner ? owner : file->package);
    context->phase = &phase_docs;
    context->owner = &render;
    if (!context_render(context, value_str(text), file->file, out, err))
        return document_relocate(document, text, err);
    if (render.blocks)
        *blocks = value_of_array(render.blocks);
    return true;
}
