select '{{ config.get("my_setting", "unset") }}' as s, '{{ config.get("meta").required }}' as r,
    '{{ config.require("materialized") }}' as m, '{{ config.get("absent", default=5) }}' as d
