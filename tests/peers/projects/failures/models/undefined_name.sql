select '{{ execute and nobody_knows.me }}' as x
