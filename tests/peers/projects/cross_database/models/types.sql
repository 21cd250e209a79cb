select '{{ dbt.type_string() }}|{{ dbt.type_timestamp() }}|{{ dbt.type_float() }}|{{ dbt.type_numeric() }}|{{ dbt.type_bigint() }}|{{ dbt.type_int() }}|{{ dbt.type_boolean() }}' as types,
  '{{ api.Column.translate_type("string") }}' as translated,
  '{{ dbt.default__type_numeric() }}' as plain
