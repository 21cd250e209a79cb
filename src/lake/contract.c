/* contract.c: the words of schema_contract. */
#include "lake/lake_base.h"

static const Str modes[] = {STR_INIT("evolve"), STR_INIT("freeze"), STR_INIT("discard_row"),
                            STR_INIT("discard_value")};
static const Str keys[] = {STR_INIT("tables"), STR_INIT("columns"), STR_INIT("data_type")};

/* A word that is none of those known: names them and the nearest. */
static bool fail_word(Value word, const char *what, const Str *known, size_t count, Err *err)
{
    AUTO(text) Text list = {0}, shown = {0};
    for (size_t i = 0; i < count; i++)
        text_print(&list, "%s" STR_FMT, i ? ", " : "", STR_ARG(known[i]));
    value_repr(word, &shown);
    err_set(err, ERR_PARSING, NOWHERE, "schema_contract: %s is no %s (%s)", shown.at, what,
            list.at);
    Str nearest = str_nearest(value_str(word), known, count);
    return nearest.at ? err_add(err, ". Did you mean " STR_FMT "?", STR_ARG(nearest)) : false;
}

static bool parse_mode(Value word, ContractMode *out, Err *err)
{
    for (size_t i = 0; i < COUNT_OF(modes); i++)
        if (value_is_text(word) && str_eq(value_str(word), modes[i])) {
            *out = (ContractMode)i;
            return true;
        }
    return fail_word(word, "mode", modes, COUNT_OF(modes), err);
}

bool contract_parse(Value from, Contract *out, Err *err)
{
    Contract contract = {0};
    ContractMode *const parts[] = {&contract.tables, &contract.columns, &contract.data_type};
    if (value_is_dict(from)) {
        uint32_t at = 0;
        Value key, value;
        while (dict_next(from.dict, &at, &key, &value)) {
            size_t i = 0;
            while (i < COUNT_OF(keys) && !str_eq(value_str(key), keys[i]))
                i++;
            if (i == COUNT_OF(keys))
                return fail_word(key, "key", keys, COUNT_OF(keys), err);
            TRY(parse_mode(value, parts[i], err));
        }
    } else if (!value_is_none(from) && !value_is_undefined(from)) {
        TRY(parse_mode(from, &contract.tables, err));
        contract.columns = contract.data_type = contract.tables;
    }
    *out = contract;
    return true;
}

const char *contract_way_out(bool is_column)
{
    return is_column ? "the contract freezes columns: mend the source, declare the column, or set "
                       "schema_contract: {columns: evolve}"
                     : "the contract freezes data types: mend the source, declare the column's "
                       "type, or set schema_contract: {data_type: evolve}";
}
