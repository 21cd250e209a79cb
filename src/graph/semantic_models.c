/* semantic_models.c: rules of semantic models, their elements and time spines. */
#include <ctype.h>

#include "graph/semantic.h"

/* ---- helpers ---- */

static Value list_of(const Node *model, const char *key)
{
    return value_get(model->extra, key);
}

static Str text_of(Value dict, const char *key)
{
    return value_get_text(dict, key, STR_NONE);
}

static Value element_named(Value list, Str name)
{
    EACH(list, one)
        if (str_eq(text_of(one, "name"), name))
            return one;
    return UNDEFINED;
}

static Value time_dimension(const Node *model, Str name)
{
    Value found = element_named(list_of(model, "dimensions"), name);
    return value_is(value_get(found, "type"), "time") ? found : UNDEFINED;
}

static bool has_validity(Value dimension)
{
    return value_is_dict(value_get(value_get(dimension, "type_params"), "validity_params"));
}

static void add_name(Text *out, Str name)
{
    text_print(out, "%s'" STR_FMT "'", out->len ? ", " : "", STR_ARG(name));
}

static Str nearest_time(SemanticCheck *check, const Node *model, Str name)
{
    Value list = list_of(model, "dimensions");
    uint32_t count = 0;
    Str *names = NEW_N(check->arena, Str, list.list->len + 1);
    EACH(list, one)
        if (value_is(value_get(one, "type"), "time"))
            names[count++] = text_of(one, "name");
    return str_nearest(name, names, count);
}

/* ---- names ---- */

void check_semantic_name(SemanticCheck *check, const Node *node, Value name)
{
    Str text = value_str(name);
    bool is_good = text.len >= 2 && islower((unsigned char)text.at[0]) &&
                   text.at[text.len - 1] != '_';
    for (size_t i = 0; i < text.len && is_good; i++) {
        unsigned char c = (unsigned char)text.at[i];
        is_good = islower(c) || isdigit(c) || (c == '_' && text.at[i + 1] != '_');
    }
    if (!is_good)
        semantic_fail(check, node, name,
                      "Invalid name `" STR_FMT "` - names may only contain lower case letters, "
                      "numbers and single underscores; they start with a letter, do not end in an "
                      "underscore and have two characters or more.",
                      STR_ARG(text));
    if (granularity_rank(str_lower(check->arena, text)) >= 0)
        semantic_fail(check, node, name,
                      "Invalid name `" STR_FMT
                      "` - names cannot match reserved time granularity keywords",
                      STR_ARG(text));
    if (str_is(text, "metric_time") || str_is(text, "mf_internal_uuid"))
        semantic_fail(check, node, name,
                      "Invalid name `" STR_FMT "` - this name is reserved by MetricFlow.",
                      STR_ARG(text));
}

static bool is_keyword(Str name)
{
    static const char *const words[] = {
        "AND", "AS", "CREATE", "DISTINCT", "FOR", "FROM", "FULL", "HAVING", "IN", "INNER", "INTO",
        "IS", "JOIN", "LEFT", "LIKE", "NATURAL", "NOT", "NULL", "ON", "OR", "RIGHT", "SELECT",
        "UNION", "USING", "WHERE", "WITH"};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strlen(words[i]) == name.len && strncasecmp(words[i], name.at, name.len) == 0)
            return true;
    return false;
}

/* Measures, entities and dimensions share one name space in a model. */
static void check_names(SemanticCheck *check, const Node *model)
{
    static const struct { const char *list, *kind, *article; } kinds[] = {
        {"measures", "measure", "a"}, {"entities", "entity", "an"},
        {"dimensions", "dimension", "a"}};
    Map seen;
    map_init(&seen, check->arena);
    for (size_t k = 0; k < COUNT_OF(kinds); k++)
        EACH(list_of(model, kinds[k].list), one) {
            Value name = value_get(one, "name");
            const char *before = map_find(&seen, value_str(name));
            if (before)
                semantic_fail(check, model, name,
                              "In semantic model `" STR_FMT "`, can't use name `" STR_FMT
                              "` for a %s when it was already used for a %s",
                              STR_ARG(model->name), STR_ARG(value_str(name)), kinds[k].kind,
                              before);
            else
                map_put(&seen, value_str(name), (void *)(uintptr_t)kinds[k].kind);
            check_semantic_name(check, model, name);
            if (is_keyword(value_str(name)))
                semantic_fail(check, model, name,
                              "'" STR_FMT "' is an SQL reserved keyword, and thus cannot be used "
                              "as %s %s 'name'",
                              STR_ARG(value_str(name)), kinds[k].article, kinds[k].kind);
        }
}

/* ---- measures ---- */

static void check_percentile(SemanticCheck *check, const Node *model, Value measure)
{
    Value params = value_get(measure, "agg_params"), given = value_get(params, "percentile");
    Str name = text_of(measure, "name"), agg = text_of(measure, "agg");
    double number = given.kind == VALUE_FLOAT ? given.real
                    : given.kind == VALUE_INT ? (double)given.number : -1;
    bool has_number = given.kind == VALUE_FLOAT || given.kind == VALUE_INT;
    bool is_discrete = value_truth(value_get(params, "use_discrete_percentile"));
    bool is_rough = value_truth(value_get(params, "use_approximate_percentile"));
    if (str_is(agg, "percentile") && !has_number)
        semantic_fail(check, model, measure,
                      "Measure '" STR_FMT "' uses a PERCENTILE aggregation, which requires "
                      "agg_params.percentile to be provided.",
                      STR_ARG(name));
    else if (str_is(agg, "percentile") && (number <= 0 || number >= 1))
        semantic_fail(check, model, given,
                      "Percentile aggregation parameter for measure '" STR_FMT
                      "' is '%g', but must be between 0 and 1, both excluded: min and max are "
                      "aggregations of their own.",
                      STR_ARG(name), number);
    else if (str_is(agg, "median") && ((has_number && number != 0.5) || is_discrete))
        semantic_fail(check, model, params,
                      "Measure '" STR_FMT "' uses a MEDIAN aggregation, while its agg_params say "
                      "something else: remove them.",
                      STR_ARG(name));
    else if (!str_is(agg, "percentile") && !str_is(agg, "median") &&
             (value_truth(given) || is_discrete || is_rough))
        semantic_fail(check, model, params,
                      "Measure '" STR_FMT "' with aggregation '" STR_FMT
                      "' uses agg_params only relevant to Percentile measures.",
                      STR_ARG(name), STR_ARG(agg));
}

static void check_count(SemanticCheck *check, const Node *model, Value measure)
{
    Value expr = value_get(measure, "expr");
    Str name = text_of(measure, "name");
    if (!value_is(value_get(measure, "agg"), "count"))
        return;
    if (expr.kind != VALUE_TEXT)
        semantic_fail(check, model, measure,
                      "Measure '" STR_FMT "' uses a COUNT aggregation, which requires an expr to "
                      "be provided. Provide 'expr: 1' if a count of all rows is desired.",
                      STR_ARG(name));
    else if (str_starts(str_lower(check->arena, value_str(expr)), STR("distinct ")))
        semantic_fail(check, model, expr,
                      "Measure '" STR_FMT "' uses a 'count' aggregation with a DISTINCT expr: '"
                      STR_FMT "'. Please use the count_distinct aggregation type.",
                      STR_ARG(name), STR_ARG(value_str(expr)));
}

static Str agg_time_of(const Node *model, Value measure)
{
    Str own = text_of(measure, "agg_time_dimension");
    return own.len ? own : text_of(value_get(model->extra, "defaults"), "agg_time_dimension");
}

static void check_agg_time(SemanticCheck *check, const Node *model, Value measure)
{
    Str name = text_of(measure, "name"), time = agg_time_of(model, measure);
    if (!time.len) {
        semantic_fail(check, model, measure,
                      "Aggregation time dimension for measure " STR_FMT
                      " on semantic model " STR_FMT " is not set! Either give the semantic "
                      "model a default agg_time_dimension or the measure its own.",
                      STR_ARG(name), STR_ARG(model->name));
        return;
    }
    if (!value_is_undefined(time_dimension(model, time)))
        return;
    Str near = nearest_time(check, model, time);
    semantic_fail(check, model, measure,
                  "In semantic model '" STR_FMT "', measure '" STR_FMT
                  "' has the aggregation time dimension set to '" STR_FMT
                  "', which is not a valid time dimension in the semantic model%s" STR_FMT "%s",
                  STR_ARG(model->name), STR_ARG(name), STR_ARG(time),
                  near.len ? ". Did you mean '" : "", STR_ARG(near), near.len ? "'?" : "");
}

static void check_groupings(SemanticCheck *check, const Node *model, Value measure, Value given)
{
    AUTO(text) Text unknown = {0};
    Value list = value_get(given, "window_groupings");
    EACH(list, one)
        if (value_is_undefined(element_named(list_of(model, "entities"), value_str(one))))
            add_name(&unknown, value_str(one));
    if (unknown.len)
        semantic_fail(check, model, list,
                      "Measure '" STR_FMT "' has a non_additive_dimension with an invalid "
                      "'window_groupings'. These entities {" STR_FMT
                      "} do not exist in the semantic model.",
                      STR_ARG(text_of(measure, "name")), STR_ARG(text_str(&unknown)));
}

static void check_non_additive(SemanticCheck *check, const Node *model, Value measure)
{
    Value given = value_get(measure, "non_additive_dimension");
    if (!value_is_dict(given))
        return;
    Str name = text_of(measure, "name"), wanted = text_of(given, "name");
    Str choice = text_of(given, "window_choice");
    Value found = element_named(list_of(model, "dimensions"), wanted);
    Value time = time_dimension(model, agg_time_of(model, measure));
    if (value_is_undefined(found)) {
        semantic_fail(check, model, value_get(given, "name"),
                      "Measure '" STR_FMT "' has a non_additive_dimension with name '" STR_FMT
                      "' that is not defined as a dimension in semantic model '" STR_FMT "'.",
                      STR_ARG(name), STR_ARG(wanted), STR_ARG(model->name));
    } else if (!value_is(value_get(found, "type"), "time")) {
        semantic_fail(check, model, value_get(given, "name"),
                      "Measure '" STR_FMT "' has a non_additive_dimension with name '" STR_FMT
                      "' that is defined as a categorical dimension which is not supported.",
                      STR_ARG(name), STR_ARG(wanted));
    } else {
        Str mine = text_of(value_get(found, "type_params"), "time_granularity");
        Str other = text_of(value_get(time, "type_params"), "time_granularity");
        if (mine.len && other.len && !str_eq(mine, other))
            semantic_fail(check, model, value_get(given, "name"),
                          "Measure '" STR_FMT "' has a non_additive_dimension with name '" STR_FMT
                          "' that has a base time granularity (" STR_FMT
                          ") that is not equal to that of its agg_time_dimension (" STR_FMT ").",
                          STR_ARG(name), STR_ARG(wanted), STR_ARG(mine), STR_ARG(other));
    }
    if (!str_is(choice, "min") && !str_is(choice, "max"))
        semantic_fail(check, model, value_get(given, "window_choice"),
                      "Measure '" STR_FMT "' has a non_additive_dimension with an invalid "
                      "'window_choice' of '" STR_FMT
                      "'. Only choices supported are 'min' or 'max'.",
                      STR_ARG(name), STR_ARG(choice));
    check_groupings(check, model, measure, given);
}

/* ---- windows of validity ---- */

static void check_window(SemanticCheck *check, const Node *model)
{
    Value dimensions = list_of(model, "dimensions");
    uint32_t count = 0, starts = 0, ends = 0, naturals = 0, keys = 0;
    EACH(dimensions, one) {
        Value params = value_get(value_get(one, "type_params"), "validity_params");
        count += has_validity(one);
        starts += value_truth(value_get(params, "is_start"));
        ends += value_truth(value_get(params, "is_end"));
    }
    EACH(list_of(model, "entities"), entity) {
        Value type = value_get(entity, "type");
        naturals += value_is(type, "natural");
        keys += value_is(type, "primary") || value_is(type, "unique");
    }
    const char *rule = "A validity window takes exactly two time dimensions with validity_params, "
                       "one marked `is_start`, the other `is_end`.";
    if (naturals > 1)
        semantic_fail(check, model, list_of(model, "entities"),
                      "Semantic models can have at most one natural entity, but semantic model `"
                      STR_FMT "` has %u distinct natural entities set!",
                      STR_ARG(model->name), naturals);
    if (naturals && !count)
        semantic_fail(check, model, list_of(model, "entities"),
                      "The use of `natural` entities is currently supported only in conjunction "
                      "with a validity window. Semantic model `" STR_FMT "` does not define one.",
                      STR_ARG(model->name));
    if (!count)
        return;
    if (count == 1 && starts == 1 && ends == 1)
        semantic_fail(check, model, dimensions,
                      "Semantic model " STR_FMT " has a single validity param dimension that "
                      "defines its window. %s",
                      STR_ARG(model->name), rule);
    else if (count != 2)
        semantic_fail(check, model, dimensions,
                      "Semantic model " STR_FMT " has %u dimensions defined with validity params. "
                      "There must be either zero or two! %s",
                      STR_ARG(model->name), count, rule);
    else if (starts != 1 || ends != 1)
        semantic_fail(check, model, dimensions,
                      "Semantic model " STR_FMT " has two validity param dimensions defined, but "
                      "does not have exactly one each marked with is_start and is_end! %s",
                      STR_ARG(model->name), rule);
    if (!naturals)
        semantic_fail(check, model, dimensions,
                      "Semantic model " STR_FMT " has validity param dimensions defined, but does "
                      "not have an entity with type `natural` set.",
                      STR_ARG(model->name));
    if (keys)
        semantic_fail(check, model, dimensions,
                      "Semantic model " STR_FMT " has validity param dimensions defined and also "
                      "has one or more entities designated as `primary` or `unique`.",
                      STR_ARG(model->name));
    if (list_of(model, "measures").list->len)
        semantic_fail(check, model, dimensions,
                      "Semantic model " STR_FMT " has both measures and validity param dimensions "
                      "defined. This is not currently supported!",
                      STR_ARG(model->name));
}

/* ---- defaults and entities ---- */

static void check_defaults(SemanticCheck *check, const Node *model)
{
    Value given = value_get(value_get(model->extra, "defaults"), "agg_time_dimension");
    if (given.kind != VALUE_TEXT || !value_is_undefined(time_dimension(model, value_str(given))))
        return;
    Str near = nearest_time(check, model, value_str(given));
    semantic_fail(check, model, given,
                  "Default aggregation time dimension was specified as '" STR_FMT
                  "' which doesn't exist as a time dimension in semantic model named '" STR_FMT
                  "'.%s" STR_FMT "%s",
                  STR_ARG(value_str(given)), STR_ARG(model->name),
                  near.len ? " Did you mean '" : "", STR_ARG(near), near.len ? "'?" : "");
}

static Str primary_entity(const Node *model)
{
    EACH(list_of(model, "entities"), one)
        if (value_is(value_get(one, "type"), "primary"))
            return text_of(one, "name");
    return STR_NONE;
}

static void check_primary(SemanticCheck *check, const Node *model)
{
    AUTO(text) Text names = {0};
    Str set = text_of(model->extra, "primary_entity");
    uint32_t count = 0;
    EACH(list_of(model, "entities"), one)
        if (value_is(value_get(one, "type"), "primary")) {
            add_name(&names, text_of(one, "name"));
            count++;
        }
    if (count > 1)
        semantic_fail(check, model, list_of(model, "entities"),
                      "Semantic models can have only one primary entity. The semantic model `"
                      STR_FMT "` has %u: " STR_FMT,
                      STR_ARG(model->name), count, STR_ARG(text_str(&names)));
    else if (count && set.len)
        semantic_fail(check, model, value_get(model->extra, "primary_entity"),
                      "The semantic model `" STR_FMT "` has an entity named " STR_FMT
                      " with type primary but it also has the `primary_entity` field set to `"
                      STR_FMT "`. Both should not be present in the model.",
                      STR_ARG(model->name), STR_ARG(text_str(&names)), STR_ARG(set));
    else if (!count && !set.len && list_of(model, "dimensions").list->len)
        semantic_fail(check, model, UNDEFINED,
                      "The semantic model " STR_FMT " contains dimensions, but it does not define "
                      "a primary entity. Either add an entity with type primary or set a value for "
                      "the primary_entity key.",
                      STR_ARG(model->name));
}

/* ---- across models ---- */

typedef struct Across {
    Map measures;                 /* name -> its first semantic model                           */
    Map dimensions;               /* name -> Value * of the first                               */
    Map kinds;                    /* name -> "measure", "entity", "dimension" of the first       */
    Map pairs;                    /* "entity dimension" -> semantic model                       */
    Map labels, entity_labels;
} Across;

static Value *kept(SemanticCheck *check, Value v)
{
    Value *made = NEW(check->arena, Value);
    *made = v;
    return made;
}

static void check_dimension(SemanticCheck *check, Across *across, const Node *model, Value one)
{
    Str name = text_of(one, "name"), set = text_of(model->extra, "primary_entity");
    const Value *first = map_find(&across->dimensions, name);
    if (!first)
        map_put(&across->dimensions, name, kept(check, one));
    else if (!value_equal(value_get(*first, "type"), value_get(one, "type")))
        semantic_fail(check, model, one,
                      "In semantic model `" STR_FMT "`, type conflict for dimension `" STR_FMT
                      "` - already in model as type `" STR_FMT "` but got `" STR_FMT "`",
                      STR_ARG(model->name), STR_ARG(name), STR_ARG(text_of(*first, "type")),
                      STR_ARG(text_of(one, "type")));
    else if (!value_equal(value_get(*first, "is_partition"), value_get(one, "is_partition")))
        semantic_fail(check, model, one,
                      "In semantic model `" STR_FMT "`, conflicting is_partition attribute for "
                      "dimension `" STR_FMT "`",
                      STR_ARG(model->name), STR_ARG(name));
    Str entity = set.len ? set : primary_entity(model);
    if (!entity.len)
        return;
    Str pair = str_print(check->arena, STR_FMT " " STR_FMT, STR_ARG(entity), STR_ARG(name));
    const Node *before = map_find(&across->pairs, pair);
    if (!before)
        map_put(&across->pairs, pair, (void *)(uintptr_t)model);
    else if (before != model)
        semantic_fail(check, model, one,
                      "Duplicate dimension + primary entity pairing detected: `" STR_FMT
                      "` has the primary entity `" STR_FMT "` and dimension `" STR_FMT
                      "`, but this pairing is already in use on semantic model `" STR_FMT "`.",
                      STR_ARG(model->name), STR_ARG(entity), STR_ARG(name),
                      STR_ARG(before->name));
}

static void check_kind(SemanticCheck *check, Across *across, const Node *model, Value one,
                       const char *kind)
{
    Str name = text_of(one, "name");
    const char *before = map_find(&across->kinds, name);
    if (!before)
        map_put(&across->kinds, name, (void *)(uintptr_t)kind);
    else if (strcmp(before, kind) != 0)
        semantic_fail(check, model, one,
                      "In semantic models {'" STR_FMT "'}, element `" STR_FMT
                      "` is of type %s, but it is used as type %s elsewhere.",
                      STR_ARG(model->name), STR_ARG(name), kind, before);
}

static void check_label(SemanticCheck *check, Across *across, const Node *model)
{
    Value label = value_get(model->extra, "label");
    const Node *before = map_find(&across->labels, value_str(label));
    if (label.kind != VALUE_TEXT)
        return;
    if (before)
        semantic_fail(check, model, label,
                      "Can't use label `" STR_FMT "` for semantic model `" STR_FMT
                      "` as it's already used for semantic model `" STR_FMT "`",
                      STR_ARG(value_str(label)), STR_ARG(model->name), STR_ARG(before->name));
    else
        map_put(&across->labels, value_str(label), (void *)(uintptr_t)model);
}

static void check_element_labels(SemanticCheck *check, const Node *model, const char *list,
                                 const char *title)
{
    Map seen;
    map_init(&seen, check->arena);
    EACH(list_of(model, list), one) {
        Value label = value_get(one, "label");
        if (label.kind != VALUE_TEXT)
            continue;
        if (map_find(&seen, value_str(label)))
            semantic_fail(check, model, label,
                          "%s labels must be unique within a semantic model. The label `" STR_FMT
                          "` was used more than once on semantic model `" STR_FMT "`",
                          title, STR_ARG(value_str(label)), STR_ARG(model->name));
        map_put(&seen, value_str(label), check);
    }
}

static void check_entity_labels(SemanticCheck *check, Across *across, const Node *model)
{
    EACH(list_of(model, "entities"), one) {
        Value label = value_get(one, "label");
        if (label.kind != VALUE_TEXT)
            continue;
        const Value *before = map_find(&across->entity_labels, text_of(one, "name"));
        if (!before)
            map_put(&across->entity_labels, text_of(one, "name"), kept(check, label));
        else if (!value_equal(*before, label))
            semantic_fail(check, model, label,
                          "Entities with the same name must have the same label or the label must "
                          "be `None`. Entity `" STR_FMT "` on semantic model `" STR_FMT
                          "` has label `" STR_FMT "`, elsewhere `" STR_FMT "`",
                          STR_ARG(text_of(one, "name")), STR_ARG(model->name),
                          STR_ARG(value_str(label)), STR_ARG(value_str(*before)));
    }
}

static void check_measures(SemanticCheck *check, Across *across, const Node *model)
{
    EACH(list_of(model, "measures"), one) {
        const Node *before = map_find(&across->measures, text_of(one, "name"));
        if (before && before != model)
            semantic_fail(check, model, one,
                          "Found measure with name " STR_FMT
                          " in multiple semantic models with names (['" STR_FMT "'])",
                          STR_ARG(text_of(one, "name")), STR_ARG(before->name));
        if (!before)
            map_put(&across->measures, text_of(one, "name"), (void *)(uintptr_t)model);
        check_percentile(check, model, one);
        check_count(check, model, one);
        check_agg_time(check, model, one);
        check_non_additive(check, model, one);
        check_kind(check, across, model, one, "measure");
    }
}

void check_semantic_models(SemanticCheck *check)
{
    Across across;
    Map *const maps[] = {&across.measures, &across.dimensions, &across.kinds, &across.pairs,
                         &across.labels, &across.entity_labels};
    for (size_t i = 0; i < COUNT_OF(maps); i++)
        map_init(maps[i], check->arena);
    const Node *model;
    for (uint32_t at = 0; (model = semantic_next(check->graph, NODE_SEMANTIC_MODEL, &at));) {
        check_semantic_name(check, model, value_text(model->name));
        check_measures(check, &across, model);
        check_window(check, model);
        EACH(list_of(model, "dimensions"), one) {
            check_dimension(check, &across, model, one);
            check_kind(check, &across, model, one, "dimension");
        }
        EACH(list_of(model, "entities"), one)
            check_kind(check, &across, model, one, "entity");
        check_names(check, model);
        check_defaults(check, model);
        check_primary(check, model);
        check_label(check, &across, model);
        check_element_labels(check, model, "dimensions", "Dimension");
        check_element_labels(check, model, "entities", "Entity");
        check_element_labels(check, model, "measures", "Measure");
        check_entity_labels(check, &across, model);
    }
}

/* ---- time spines ---- */

/* The smallest granularity of all time dimensions; INT32_MAX: there is none. */
static int smallest_dimension(const Graph *graph)
{
    const Node *model;
    int smallest = INT32_MAX;
    for (uint32_t at = 0; (model = semantic_next(graph, NODE_SEMANTIC_MODEL, &at));)
        EACH(list_of(model, "dimensions"), one) {
            int rank = granularity_rank(text_of(value_get(one, "type_params"),
                                                "time_granularity"));
            if (rank >= 0 && rank < smallest)
                smallest = rank;
        }
    return smallest;
}

static void check_custom_names(SemanticCheck *check, const Node *spine, Map *seen)
{
    EACH(value_get(value_get(spine->extra, "time_spine"), "custom_granularities"), one) {
        Str name = text_of(one, "name");
        if (map_find(seen, name))
            semantic_fail(check, spine, one,
                          "Custom granularity names must be unique, but found duplicate custom "
                          "granularities with the names {'" STR_FMT "'}.",
                          STR_ARG(name));
        if (semantic_find(check->graph, NODE_METRIC, name) ||
            semantic_find(check->graph, NODE_SEMANTIC_MODEL, name))
            semantic_fail(check, spine, one,
                          "Can't use name `" STR_FMT
                          "` for a custom granularity when it was already used.",
                          STR_ARG(name));
        map_put(seen, name, check);
    }
}

void check_time_spines(SemanticCheck *check)
{
    const Node *node, *by_rank[16] = {NULL};
    int smallest_spine = INT32_MAX, smallest = smallest_dimension(check->graph);
    Map seen;
    map_init(&seen, check->arena);
    for (uint32_t at = 0; (node = semantic_next(check->graph, NODE_MODEL, &at));) {
        Value spine = value_get(node->extra, "time_spine");
        if (!value_is_dict(spine))
            continue;
        Value column = value_get_str(node->columns, text_of(spine, "standard_granularity_column"));
        int rank = granularity_rank(text_of(column, "granularity"));
        if (rank >= 0 && rank < smallest_spine)
            smallest_spine = rank;
        if (rank >= 0 && by_rank[rank])
            semantic_warn("Only one time spine is supported per granularity. Got duplicates: "
                          STR_FMT ", " STR_FMT,
                          STR_ARG(by_rank[rank]->name), STR_ARG(node->name));
        if (rank >= 0)
            by_rank[rank] = node;
        check_custom_names(check, node, &seen);
    }
    if (smallest_spine == INT32_MAX)
        return;
    if (smallest == INT32_MAX)
        semantic_warn("No time dimensions configured. A time spine at or below the smallest time "
                      "dimension granularity is recommended.");
    else if (smallest < smallest_spine)
        semantic_warn("To avoid unexpected query errors, configuring a time spine at or below the "
                      "smallest time dimension granularity is recommended.");
}
