select {{ var('limit') }} as lim,
    '{{ var("scoped", "default") }}' as scoped,
    '{{ var("missing", "fallback") }}' as fallback,
    {{ var('global_flag') }} as global_flag,
    '{{ var("names") | join("/") | replace("\'", "") }}' as names,
    {{ var('deep', {'k': 2}).k }} as deep,
    {{ 'true' if var.has_var('limit') else 'false' }} as has_limit
