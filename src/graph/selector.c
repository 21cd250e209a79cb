/* selector.c: from a tree of criteria to the set of nodes. */
#include "graph/selector.h"

enum { deepest_selector = 100 };

/* ---- criteria ---- */

static bool run_criterion(Selecting *selecting, const Spec *spec, Bits *direct, Bits *indirect,
                          Err *err)
{
    uint32_t size = selecting->graph->count;
    Bits found = bits_make(selecting->arena, size);
    TRY(method_search(selecting, spec, &found, err));
    Bits selected = bits_copy(selecting->arena, found);
    if (spec->with_childrens_parents) {
        Bits below = relatives(selecting, found, false, ANY_DEPTH);
        bits_unite(below, found);
        bits_unite(selected, below);
        bits_unite(selected, relatives(selecting, below, true, ANY_DEPTH));
    }
    if (spec->with_parents)
        bits_unite(selected, relatives(selecting, found, true, spec->parents_depth));
    if (spec->with_children)
        bits_unite(selected, relatives(selecting, found, false, spec->children_depth));
    *direct = bits_copy(selecting->arena, selected);
    *indirect = bits_make(selecting->arena, size);
    if (spec->indirect != INDIRECT_EMPTY && spec->method != METHOD_SELECTOR)
        indirect_expand(selecting, selected, spec->indirect, direct, indirect);
    return true;
}

/* ---- groups ---- */

static void combine(SpecKind kind, Bits into, Bits other)
{
    switch (kind) {
    case SPEC_UNION: bits_unite(into, other); break;
    case SPEC_INTERSECTION: bits_intersect(into, other); break;
    case SPEC_DIFFERENCE: bits_subtract(into, other); break;
    case SPEC_CRITERION: break;
    }
}

static bool warn_of_none(const Selecting *selecting, const Spec *spec, Err *err)
{
    return graph_warn(selecting->graph->project, "NoNodesForSelectionCriteria", "M030", err,
                      "The selection criterion '" STR_FMT "' does not match any enabled nodes",
                      STR_ARG(spec->raw));
}

static bool run_group(Selecting *selecting, const Spec *spec, Bits *direct, Bits *indirect,
                      Err *err)
{
    Bits nodes = bits_make(selecting->arena, selecting->graph->count), all = nodes;
    for (uint32_t i = 0; i < spec->parts.len; i++) {
        Bits part, waiting;
        TRY(selecting_run(selecting, spec->parts.at[i], &part, &waiting, err));
        bits_unite(waiting, part);
        if (i == 0) {
            nodes = part;
            all = waiting;
        } else {
            combine(spec->kind, nodes, part);
            combine(spec->kind, all, waiting);
        }
    }
    indirect_join(selecting, &nodes, all, spec->indirect);
    if (spec->warns_if_empty && bits_count(nodes) == 0)
        TRY(warn_of_none(selecting, spec, err));
    *direct = nodes;
    *indirect = all;
    return true;
}

bool selecting_run(Selecting *selecting, const Spec *spec, Bits *direct, Bits *indirect, Err *err)
{
    if (selecting->depth >= deepest_selector)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "Circular dependency detected in selector: " STR_FMT, STR_ARG(spec->raw));
    selecting->depth++;
    bool is_done = spec->kind == SPEC_CRITERION
                       ? run_criterion(selecting, spec, direct, indirect, err)
                       : run_group(selecting, spec, direct, indirect, err);
    selecting->depth--;
    return is_done;
}

/* ---- the command line ---- */

static bool parse_words(Arena *arena, const Selection *selection, Spec **out, Err *err)
{
    static const Str everything[] = {STR_INIT("fqn:*"), STR_INIT("source:*"),
                                     STR_INIT("exposure:*"), STR_INIT("metric:*"),
                                     STR_INIT("semantic_model:*")};
    bool has_words = selection->select_count > 0;
    Spec *included, *excluded, *all = spec_group(arena, SPEC_DIFFERENCE, STR_NONE);
    TRY(spec_parse_words(arena, has_words ? selection->select : everything,
                         has_words ? selection->select_count : COUNT_OF(everything), has_words,
                         selection->indirect, &included, err));
    TRY(spec_parse_words(arena, selection->exclude, selection->exclude_count, true,
                         selection->indirect, &excluded, err));
    list_add(arena, &all->parts, included);
    list_add(arena, &all->parts, excluded);
    *out = all;
    return true;
}

static bool make_spec(Arena *arena, const Project *project, const Selection *selection, Spec **out,
                      Err *err)
{
    Str name = selection->selector;
    if (!name.len && !selection->select_count && !selection->exclude_count) {
        TRY(selectors_default(project, &name, err));
        if (name.len)
            event_print(LEVEL_INFO, "DefaultSelector", "M023", "Using default selector " STR_FMT,
                        STR_ARG(name));
    }
    if (!name.len)
        return parse_words(arena, selection, out, err);
    Value definition;
    TRY(selectors_find(project, name, &definition, err));
    return spec_from_yaml(arena, definition, selection->indirect, out, err);
}

static uint32_t kinds_of(const Selection *selection, uint32_t allowed)
{
    uint32_t asked = selection->kind_count ? 0 : UINT32_MAX;
    for (uint32_t i = 0; i < selection->kind_count; i++)
        asked |= 1u << selection->kinds[i];
    for (uint32_t i = 0; i < selection->excluded_kind_count; i++)
        asked &= ~(1u << selection->excluded_kinds[i]);
    return asked & allowed;
}

/* Models and the like without any code are never run. */
static bool is_empty(const Node *node)
{
    return kind_is_node(node->kind) && node->kind != NODE_SEED &&
           str_trim(node->raw_code).len == 0;
}

static Selecting begin(Arena *arena, const Graph *graph, const Selection *selection,
                       uint32_t allowed)
{
    Selecting selecting = {.arena = arena, .graph = graph, .selection = selection};
    selecting.members = bits_make(arena, graph->count);
    selecting.results = bits_make(arena, graph->count);
    uint32_t kinds = kinds_of(selection, allowed);
    for (uint32_t i = 0; i < graph->count; i++) {
        const Node *node = graph->project->nodes.at[i];
        if (!node->is_enabled)
            continue;
        bits_add(selecting.members, i);
        if (kinds >> node->kind & 1 && (selection->keeps_empty || !is_empty(node)))
            bits_add(selecting.results, i);
    }
    return selecting;
}

static void warn_of_same_folder(const Project *project, const Selection *selection)
{
    if (selection->state_path.len && str_eq(selection->state_path, project->target_path))
        event_print(LEVEL_WARN, "WarnStateTargetEqual", "I072",
                    "The state and target directories are the same: '" STR_FMT
                    "'. This could lead to missing changes due to overwritten state including "
                    "non-idempotent retries.",
                    STR_ARG(selection->state_path));
}

bool selector_apply(Graph *graph, const Selection *selection, uint32_t allowed, Bits *out, Err *err)
{
    Arena arena = {0};
    Selecting selecting = begin(&arena, graph, selection, allowed);
    Bits direct, indirect;
    Spec *spec;
    warn_of_same_folder(graph->project, selection);
    bool is_done = make_spec(&arena, graph->project, selection, &spec, err) &&
                   selecting_run(&selecting, spec, &direct, &indirect, err);
    if (is_done) {
        bits_intersect(direct, selecting.results);
        *out = bits_copy(graph->project->arena, direct);
    }
    arena_drop(&arena);
    return is_done;
}
