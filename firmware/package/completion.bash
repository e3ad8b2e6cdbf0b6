# Completion of storegate for bash. That every command of the program stands here is held by tests/package.
_storegate() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} choice=
  local -A below=(
    [orders]="list show release cancel resolve"
    [availability]="list set"
    [store]="open pause"
    [partners]="list try"
  )
  case $before in
    --config | --token-file | --socket | --out | --secret-file | salvage)
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      return
      ;;
    --answer) choice="placed not-placed reprint" ;;
    --kind) choice="order cancel release" ;;
    --phase) choice="fetching held queued sending placed ready completed parked voiding rejected cancelled expired" ;;
  esac
  if [[ -z $choice ]]; then
    if ((COMP_CWORD == 1)); then
      choice="run check-config doctor orders parked availability store events partners salvage version --help"
    else
      choice=${below[$before]:-}
      case ${COMP_WORDS[1]} in
        run | check-config | doctor) choice+=" --config" ;;
        salvage) choice+=" --out" ;;
        version) ;;
        partners) choice+=" --config --secret-file --header --kind --unsigned --fetched" ;;
        *) choice+=" --config --socket --api --token-file --json" ;;
      esac
      case ${COMP_WORDS[1]} in
        orders) choice+=" --phase --partner --limit --reason --answer" ;;
        parked) choice+=" --limit" ;;
        availability) choice+=" --on --off --until" ;;
        store) choice+=" --until" ;;
        events) choice+=" --since --where --follow --limit" ;;
      esac
      choice+=" --help"
    fi
  fi
  mapfile -t COMPREPLY < <(compgen -W "$choice" -- "$word")
}
complete -o filenames -F _storegate storegate
