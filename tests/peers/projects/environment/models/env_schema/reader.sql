select '{{ env_var("WEIR_CASE_WORD", "default word") }}' as word
