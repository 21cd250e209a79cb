/* context.c: where a name comes from, and rendering texts in a context. */
#include "context/context.h"

#include "context/library.h"

static bool find_extra(const Context *context, Str name, uint32_t hash, Value *out)
{
    const Value *found = context->extra ? dict_find_hashed(context->extra, name, hash) : NULL;
    if (found)
        *out = *found;
    return found != NULL;
}

bool context_find(Context *context, Str name, uint32_t hash, Value *out, Err *err)
{
    *out = UNDEFINED;
    if (context->phase->has_extra_first && find_extra(context, name, hash, out))
        return true;
    if (context->library) {
        const Dict *names = library_names(context->library, context->package);
        const Value *found = names ? dict_find_hashed(names, name, hash) : NULL;
        if (found) {
            *out = *found;
            return true;
        }
    }
    if (find_extra(context, name, hash, out))
        return true;
    if (context->phase->find) {
        TRY(context->phase->find(context, name, hash, out, err));
        if (!value_is_undefined(*out))
            return true;
    }
    return builtin_find(context, name, hash, out, err);
}

bool context_builtin(Context *context, Str name, Value *out, Err *err)
{
    return builtin_find(context, name, str_hash(name), out, err);
}

static bool scope_find(void *context, Str name, uint32_t hash, Value *out, Err *err)
{
    return context_find(context, name, hash, out, err);
}

static void tell_macro(void *user, const Macro *macro, uint32_t depth)
{
    Context *context = user;
    if (depth == 1 && context->phase->on_macro)
        context->phase->on_macro(context, macro->owner);
}

RenderOptions context_options(Context *context, bool is_native)
{
    return (RenderOptions){
        .scope = {scope_find, context},
        .undefined = context->phase->is_executing ? UNDEFINED_LENIENT : UNDEFINED_PARSING,
        .is_native = is_native,
        .on_macro = tell_macro,
        .user = context,
    };
}

Context *context_of(const Call *call)
{
    return jinja_user(call->interp);
}

bool context_render(Context *context, Str text, Str file, Str *out, Err *err)
{
    if (!jinja_has_tags(text)) {
        *out = text;
        return true;
    }
    JinjaSyntax syntax = {0};
    Template *template;
    TRY(jinja_compile(context->arena, text, file, &syntax, &template, err));
    AUTO(text) Text rendered = {0};
    RenderOptions options = context_options(context, false);
    TRY(jinja_render(template, context->arena, &options, &rendered, err));
    *out = text_copy(context->arena, &rendered);
    return true;
}

bool context_render_value(Context *context, Str text, Str file, Value *out, Err *err)
{
    if (!jinja_has_tags(text)) {
        *out = value_text(text);
        return true;
    }
    JinjaSyntax syntax = {0};
    Template *template;
    TRY(jinja_compile(context->arena, text, file, &syntax, &template, err));
    RenderOptions options = context_options(context, true);
    return jinja_render_value(template, context->arena, &options, out, err);
}

static bool render_tree(Context *context, Value tree, Str file, int depth, Value *out, Err *err)
{
    if (depth > 100)
        return err_set(err, ERR_TOO_DEEP, (Place){file, 0, 0}, "values nest over 100 levels deep");
    if (tree.kind == VALUE_TEXT) {
        TRY(context_render_value(context, value_str(tree), file, out, err));
        out->at = tree.at;
        return true;
    }
    if (tree.kind == VALUE_LIST) {
        Array *array = array_make(context->arena, tree.list->len);
        for (uint32_t i = 0; i < tree.list->len; i++) {
            Value item;
            TRY(render_tree(context, tree.list->at[i], file, depth + 1, &item, err));
            array_add(array, item);
        }
        tree.list = array;
    } else if (tree.kind == VALUE_DICT) {
        Dict *dict = dict_make(context->arena, tree.dict->len);
        Value key, value, rendered;
        for (uint32_t at = 0; dict_next(tree.dict, &at, &key, &value);) {
            TRY(render_tree(context, value, file, depth + 1, &rendered, err));
            dict_put_keyed(dict, key, rendered);
        }
        tree.dict = dict;
    }
    *out = tree;
    return true;
}

bool context_render_tree(Context *context, Value tree, Str file, Value *out, Err *err)
{
    return render_tree(context, tree, file, 0, out, err);
}

bool context_call(Context *context, const MacroEntry *entry, const Value *args, uint32_t arg_count,
                  Value *out, Err *err)
{
    RenderOptions options = context_options(context, false);
    return jinja_call_macro(entry->macro, context->arena, &options, args, arg_count, NULL, NULL, 0,
                            out, err);
}

bool context_dispatch(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"macro_name", "macro_namespace", "packages"};
    Value slots[3] = {NONE, NONE, NONE};
    TRY(call_bind(call, "dispatch", names, 3, 1, slots, err));
    Context *context = context_of(call);
    Str name = value_str(slots[0]), macro_namespace = value_str(slots[1]);
    if (str_find_char(name, '.') >= 0)
        return err_set(err, ERR_COMPILATION, NOWHERE,
                       "In adapter.dispatch, got a macro name of \"" STR_FMT "\", but \".\" is not "
                       "a valid macro name component. Did you mean `adapter.dispatch(\"" STR_FMT
                       "\", macro_namespace=\"" STR_FMT "\")`?",
                       STR_ARG(name), STR_ARG(str_slice(name, (size_t)str_find_char(name, '.') + 1,
                                                        name.len)),
                       STR_ARG(str_slice(name, 0, (size_t)str_find_char(name, '.'))));
    AUTO(text) Text tried = {0};
    MacroEntry *found =
        library_dispatch(context->library, context->package, name, macro_namespace, NULL);
    if (!found) {
        library_dispatch(context->library, context->package, name, macro_namespace, &tried);
        return err_set(err, ERR_COMPILATION, NOWHERE,
                       "In dispatch: No macro named '" STR_FMT "' found within namespace: '" STR_FMT
                       "'\n    Searched for: " STR_FMT,
                       STR_ARG(name), STR_ARG(macro_namespace.len ? macro_namespace : STR("None")),
                       STR_ARG(text_str(&tried)));
    }
    *out = value_of_object(&found->macro->base);
    return true;
}
