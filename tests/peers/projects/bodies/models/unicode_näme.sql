select 'ünïcödé 日本語 🎉' as "naïve", '{{ "é" | upper }}' as up, {{ '日本' | length }} as l
