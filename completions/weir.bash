# bash completion for weir, and for dbt where that name is a link to it.

_weir_options='--select --exclude --models --selector --state --defer --resource-type --exclude-resource-type
    --project-dir --profiles-dir --profile --target --target-path --vars --threads --full-refresh --fail-fast
    --quiet --debug --log-format --use-colors --no-use-colors --warn-error --help --version'

_weir()
{
    local word=${COMP_WORDS[COMP_CWORD]} i command= option=
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
            --*) option=${COMP_WORDS[i]} ;;
            -s | -m) option=--select ;;
            -t) option=--target ;;
            -*) option= ;;
            *) case $option in
                   --select | --models | --model | --exclude | --resource-type | --exclude-resource-type) ;;
                   --project-dir | --profiles-dir | --profile | --target | --target-path | --state | --vars | \
                       --from | --to | --shard | --threads | --log-format | --selector) option= ;;
                   *) [[ -n $command ]] || command=${COMP_WORDS[i]}; option= ;;
               esac ;;
        esac
    done
    if [[ $word == -* ]]; then
        local more=
        case $command in
            ls | list) more='--output --output-keys' ;;
            show) more='--inline --limit --output' ;;
            compile) more='--inline --output' ;;
            check) more='--output' ;;
            diff) more='--key --limit --output' ;;
            convert) more='--output' ;;
            run-operation) more='--args' ;;
            seed) more='--show' ;;
            test) more='--store-failures --indirect-selection' ;;
            build) more='--store-failures --indirect-selection --from --to' ;;
            ingest) more='--from --to --shard' ;;
            schema) more='--from-version --to-version' ;;
            generate) mapfile -t COMPREPLY < <(compgen -W '--partner --members --unified --output --help' -- "$word"); return ;;
            render) more='--template --trim-blocks --lstrip-blocks --keep-trailing-newline --strict' ;;
        esac
        mapfile -t COMPREPLY < <(compgen -W "$_weir_options $more" -- "$word")
        return
    fi
    case $option in
        --select | --models | --model | --exclude)
            # The project is parsed in milliseconds: the names are always those of now.
            local names before=${word%"${word##*[,+@]}"}
            names=$("${COMP_WORDS[0]}" --quiet ls --output name 2>/dev/null)
            mapfile -t COMPREPLY < <(compgen -P "$before" -W "$names" -- "${word##*[,+@]}")
            return ;;
        --resource-type | --exclude-resource-type)
            mapfile -t COMPREPLY < <(compgen -W 'model test seed source snapshot exposure ingest publish all' -- "$word"); return ;;
        --project-dir | --profiles-dir | --target-path | --state)
            mapfile -t COMPREPLY < <(compgen -d -- "$word"); return ;;
        --log-format)
            mapfile -t COMPREPLY < <(compgen -W 'text json debug' -- "$word"); return ;;
        --output)
            mapfile -t COMPREPLY < <(compgen -W 'name path selector json text' -- "$word"); return ;;
        --unified | --template) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    esac
    if [[ -z $command ]]; then
        mapfile -t COMPREPLY < <(compgen -W 'build run test seed snapshot ingest publish schema generate convert check diff lint format retry clone source parse
            compile ls list show run-operation docs deps clean debug init render help' -- "$word")
    elif [[ $command == docs ]]; then
        mapfile -t COMPREPLY < <(compgen -W 'generate' -- "$word")
    elif [[ $command == schema ]]; then
        mapfile -t COMPREPLY < <(compgen -W 'list show diff' -- "$word")
    elif [[ $command == generate && ${COMP_WORDS[COMP_CWORD - 1]} == generate ]]; then
        mapfile -t COMPREPLY < <(compgen -W 'source model schema partner' -- "$word")
    elif [[ $command == source ]]; then
        mapfile -t COMPREPLY < <(compgen -W 'freshness' -- "$word")
    elif [[ $command == lint || $command == format || $command == convert ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    elif [[ $command == generate ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    fi
}

complete -o nosort -F _weir weir dbt
