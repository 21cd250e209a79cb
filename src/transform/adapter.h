/* adapter.h: private to transform/: the methods of `adapter`, by file. */
#ifndef TRANSFORM_ADAPTER_H
#define TRANSFORM_ADAPTER_H

#include "transform/run.h"

#define ADAPTER_METHOD(name) bool adapter_##name(Object *self, Call *call, Value *out, Err *err)

/* adapter_relations.c: what exists, and changing it through macros */
ADAPTER_METHOD(get_relation);
ADAPTER_METHOD(list_relations);
ADAPTER_METHOD(list_relations_without_caching);
ADAPTER_METHOD(drop_relation);
ADAPTER_METHOD(rename_relation);
ADAPTER_METHOD(truncate_relation);
ADAPTER_METHOD(create_schema);
ADAPTER_METHOD(drop_schema);
ADAPTER_METHOD(check_schema_exists);
ADAPTER_METHOD(already_exists);
ADAPTER_METHOD(cache_added);
ADAPTER_METHOD(cache_dropped);
ADAPTER_METHOD(cache_renamed);
ADAPTER_METHOD(get_columns_in_relation);
ADAPTER_METHOD(get_columns_in_table);
ADAPTER_METHOD(get_missing_columns);
ADAPTER_METHOD(expand_target_column_types);
ADAPTER_METHOD(get_column_schema_from_query);
ADAPTER_METHOD(valid_snapshot_target);
ADAPTER_METHOD(existing_key_constraint_types);

/* adapter_text.c: what needs no database */
ADAPTER_METHOD(quote);
ADAPTER_METHOD(quote_as_configured);
ADAPTER_METHOD(quote_seed_column);
ADAPTER_METHOD(type);
ADAPTER_METHOD(convert_type);
ADAPTER_METHOD(render_raw_columns_constraints);
ADAPTER_METHOD(render_raw_model_constraints);
ADAPTER_METHOD(parse_index);
ADAPTER_METHOD(external_root);
ADAPTER_METHOD(external_write_options);
ADAPTER_METHOD(external_read_location);
ADAPTER_METHOD(escape_sql_string);
ADAPTER_METHOD(standardize_grants_dict);
ADAPTER_METHOD(get_incremental_strategy_macro);
ADAPTER_METHOD(get_hard_deletes_behavior);
ADAPTER_METHOD(convert_datetimes_to_strs);

#endif
