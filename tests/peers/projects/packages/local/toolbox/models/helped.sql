select '{{ var("greeting") }}' as greeting, {{ var('toolbox_only') }} as ho, {{ shared() }} as shared, '{{ var("mine", "no") }}' as mine
