/* prop_snapshots.c: snapshots that have no file: `relation:` says what they keep. */
#include "base/hash.h"
#include "project/prop.h"

static bool fail_relation(const Entry *entry, Value relation, Err *err)
{
    return err_set_in(err, ERR_PARSING, document_place(entry->document, relation),
                      entry->document->file->text,
                      "Invalid ref or source expression: " STR_FMT, STR_ARG(value_str(relation)));
}

bool snapshot_make(Loader *loader, const Entry *entry, Err *err)
{
    Arena *arena = loader->arena;
    Worker *worker = &loader->workers[0];
    Value relation = value_get(entry->tree, "relation");
    StaticCall call;
    if (!static_call_parse(arena, value_str(relation), &call))
        return fail_relation(entry, relation, err);
    const SourceFile *file = entry->document->file;
    Node *node = declared_node(loader, arena, NODE_SNAPSHOT, entry, entry->name);
    node->path = str_print(arena, STR_FMT ".sql", STR_ARG(entry->name));
    node->raw_code = str_print(arena, "select * from {{ " STR_FMT " }}",
                               STR_ARG(value_str(relation)));
    node->checksum = checksum_of(arena, &worker->scratch, python_strip(file->text));
    call.ref.place = call.source.place = document_place(entry->document, relation);
    if (call.is_ref)
        list_add(arena, &node->refs, call.ref);
    else
        list_add(arena, &node->sources, call.source);
    Patch *patch = properties_find(loader, NODE_SNAPSHOT, file->package, entry->name);
    assert(patch);
    ConfigInput input = {.patch = patch->config, .unrendered_patch = patch->unrendered_config};
    if (!config_build(loader, worker, node, &input, err))
        return document_relocate(entry->document, entry->raw, err);
    TRY(properties_apply(loader, worker, node, patch, err));
    TRY(node_finish_names(loader, worker, node, err));
    TRY(config_render_hooks(loader, worker, node, err));
    loader_add_node(loader, node);
    return true;
}
