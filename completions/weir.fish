# fish completion for weir, and for dbt where that name is a link to it.

set -l commands build run test seed ingest publish schema generate convert check diff lint format retry clone source parse compile ls list show run-operation docs deps clean debug init render help

function __weir_nodes
    # The project is parsed in milliseconds: the names are always those of now.
    set -l before (string replace -r '[^,+@]*$' '' -- (commandline -ct))
    for name in (weir --quiet ls --output name 2>/dev/null)
        echo $before$name
    end
end

for program in weir dbt
    complete -c $program -f
    set -l none "not __fish_seen_subcommand_from $commands"
    complete -c $program -n $none -a build -d 'seeds, models and tests in the order of the graph'
    complete -c $program -n $none -a run -d 'build models'
    complete -c $program -n $none -a test -d 'run tests'
    complete -c $program -n $none -a seed -d 'load seeds'
    complete -c $program -n $none -a ingest -d 'load APIs, databases, files'
    complete -c $program -n $none -a publish -d 'bring models out'
    complete -c $program -n $none -a schema -d 'columns of loaded tables'
    complete -c $program -n $none -a generate -d 'write YAML, models, mappings'
    complete -c $program -n $none -a convert -d 'plain SQL as a model'
    complete -c $program -n $none -a check -d 'bind SQL before anything runs'
    complete -c $program -n $none -a diff -d 'compare two models'
    complete -c $program -n $none -a lint -d 'faults of style'
    complete -c $program -n $none -a format -d 'lay SQL out anew'
    complete -c $program -n $none -a retry -d 'run again what failed'
    complete -c $program -n $none -a clone -d 'clone nodes of a state'
    complete -c $program -n $none -a source -d 'freshness of sources'
    complete -c $program -n '__fish_seen_subcommand_from source' -a freshness
    complete -c $program -n $none -a parse -d 'read the project, write the manifest'
    complete -c $program -n $none -a compile -d 'write the SQL, run nothing'
    complete -c $program -n $none -a 'ls list' -d 'list nodes'
    complete -c $program -n $none -a show -d 'print the first rows'
    complete -c $program -n $none -a run-operation -d 'call a macro'
    complete -c $program -n $none -a docs -d 'write the catalog'
    complete -c $program -n $none -a deps -d 'install packages'
    complete -c $program -n $none -a clean -d 'remove what was built'
    complete -c $program -n $none -a debug -d 'check the set-up'
    complete -c $program -n $none -a init -d 'lay out a new project'
    complete -c $program -n $none -a render -d 'render one Jinja template'
    complete -c $program -n '__fish_seen_subcommand_from docs' -a generate
    complete -c $program -n '__fish_seen_subcommand_from schema' -a 'list show diff'
    complete -c $program -n '__fish_seen_subcommand_from generate; and not __fish_seen_subcommand_from partner source model schema' -a 'source model schema partner'
    complete -c $program -n '__fish_seen_subcommand_from generate; and __fish_seen_subcommand_from partner' -F
    complete -c $program -n '__fish_seen_subcommand_from generate' -l partner -x -d 'its name'
    complete -c $program -n '__fish_seen_subcommand_from generate' -l members -x -d 'names of the files'
    complete -c $program -n '__fish_seen_subcommand_from generate' -l unified -r -d 'unified schema'
    complete -c $program -n '__fish_seen_subcommand_from ingest build' -l from -x -d 'begin of the interval'
    complete -c $program -n '__fish_seen_subcommand_from ingest build' -l to -x -d 'end of the interval'
    complete -c $program -n '__fish_seen_subcommand_from ingest' -l shard -x -d 'worker I of N, for drops'
    complete -c $program -s s -l select -x -a '(__weir_nodes)' -d 'nodes to take'
    complete -c $program -s m -l models -x -a '(__weir_nodes)' -d 'nodes to take'
    complete -c $program -l exclude -x -a '(__weir_nodes)' -d 'nodes to leave out'
    complete -c $program -l resource-type -x -a 'model test seed source snapshot exposure ingest publish all' -d 'kind of node'
    complete -c $program -l state -x -a '(__fish_complete_directories)' -d 'earlier artifacts'
    complete -c $program -l project-dir -x -a '(__fish_complete_directories)' -d project
    complete -c $program -l profiles-dir -x -a '(__fish_complete_directories)' -d profiles
    complete -c $program -l target-path -x -a '(__fish_complete_directories)' -d artifacts
    complete -c $program -s t -l target -x -d 'output of the profile'
    complete -c $program -l profile -x -d profile
    complete -c $program -l vars -x -d 'variables, as YAML'
    complete -c $program -l threads -x -d 'nodes side by side'
    complete -c $program -s f -l full-refresh -d 'rebuild from nothing'
    complete -c $program -s x -l fail-fast -d 'stop at the first failure'
    complete -c $program -s q -l quiet -d 'errors only'
    complete -c $program -s d -l debug -d 'all that is done'
    complete -c $program -l log-format -x -a 'text json debug' -d 'form of the log'
    complete -c $program -l output -x -a 'name path selector json text' -d 'form of the output'
    complete -c $program -l inline -x -d SQL
    complete -c $program -l limit -x -d rows
    complete -c $program -l args -x -d 'arguments of the macro, as YAML'
    complete -c $program -l no-use-colors -d 'no colours'
    complete -c $program -l help
    complete -c $program -l version
end
