select '{% if execute and flags.WHICH == "run" %}{{ env_var("WEIR_CASE_MISSING", "none") }}{% endif %}' as v
