/* docs.c: docs blocks of .md files. */
#include "project/load.h"

static Doc *doc_add(Loader *loader, Str package, Str name, Str path, Str original, Str contents)
{
    Doc *doc = NEW(loader->arena, Doc);
    *doc = (Doc){
        .unique_id = str_print(loader->arena, "doc." STR_FMT "." STR_FMT, STR_ARG(package),
                               STR_ARG(name)),
        .name = name,
        .package = package,
        .path = path,
        .original_file_path = original,
        .contents = contents,
    };
    list_add(loader->arena, &loader->project->docs, doc);
    map_put(&loader->docs,
            str_print(loader->arena, STR_FMT "." STR_FMT, STR_ARG(package), STR_ARG(name)), doc);
    return doc;
}

/* The block as a template that knows no names: that is how dbt resolves {% raw %}. */
static bool render_block(Loader *loader, const SourceFile *file, Str body, Str *out, Err *err)
{
    *out = python_strip(body);
    if (!jinja_has_tags(body))
        return true;
    JinjaSyntax syntax = {0};
    RenderOptions options = {.undefined = UNDEFINED_LENIENT};
    Template *template;
    AUTO(text) Text rendered = {0};
    TRY(jinja_compile(loader->arena, body, file->file, &syntax, &template, err));
    TRY(jinja_render(template, loader->arena, &options, &rendered, err));
    *out = python_strip(text_copy(loader->arena, &rendered));
    return true;
}

static bool load_file(Loader *loader, const SourceFile *file, Err *err)
{
    static const char *const kinds[] = {"docs", NULL};
    if (str_find(file->text, STR("docs")) < 0)
        return true;
    BlockList blocks = {0};
    TRY(jinja_blocks(loader->arena, file->text, file->file, kinds, &blocks, err));
    for (uint32_t i = 0; i < blocks.len; i++) {
        Str name = blocks.at[i].name;
        Doc *twin = loader_find_doc(loader, file->package->name, file->package->name, name);
        if (twin)
            return err_set(err, ERR_COMPILATION,
                           place_at(file->file, file->text, blocks.at[i].offset),
                           "dbt found two docs with the name \"" STR_FMT
                           "\".\n\nSince these resources have the same name, dbt will be unable to "
                           "find the correct resource\nwhen looking for doc(\"" STR_FMT
                           "\").\n\nTo fix this, change the name of one of these resources:\n- "
                           STR_FMT " (" STR_FMT ")\n- " STR_FMT " (" STR_FMT ")",
                           STR_ARG(name), STR_ARG(name), STR_ARG(twin->unique_id),
                           STR_ARG(twin->original_file_path), STR_ARG(twin->unique_id),
                           STR_ARG(file->original_file_path));
        Str contents;
        TRY(render_block(loader, file, blocks.at[i].body, &contents, err));
        doc_add(loader, file->package->name, name, file->path, file->original_file_path, contents);
    }
    return true;
}

bool docs_load(Loader *loader, Err *err)
{
    uint32_t count;
    SourceFile **files = loader_files(loader, USE_DOC, &count);
    for (uint32_t i = 0; i < count; i++)
        TRY(load_file(loader, files[i], err));
    doc_add(loader, STR("dbt"), STR("__overview__"), STR("overview.md"), STR("docs/overview.md"),
            STR("### Welcome\n\nModels, sources, seeds and tests of this project are listed on the "
                "left, by database or by folder."));
    return true;
}

Doc *loader_find_doc(const Loader *loader, Str package, Str doc_package, Str name)
{
    Str root = loader->project->packages.at[0]->name;
    Str order[3] = {doc_package.len ? doc_package : root, package, STR("dbt")};
    for (uint32_t i = 0; i < (doc_package.len ? 1 : 3); i++) {
        char key[512];
        if (order[i].len + name.len + 1 > sizeof(key))
            continue;
        memcpy(key, order[i].at, order[i].len);
        key[order[i].len] = '.';
        memcpy(key + order[i].len + 1, name.at, name.len);
        Doc *found = map_find(&loader->docs, (Str){key, order[i].len + 1 + name.len});
        if (found)
            return found;
    }
    if (doc_package.len)
        return NULL;
    for (uint32_t i = 0; i < loader->project->docs.len; i++)
        if (str_eq(loader->project->docs.at[i]->name, name))
            return loader->project->docs.at[i];
    return NULL;
}
