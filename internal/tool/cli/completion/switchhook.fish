# Completion of switchhook for fish. Load it with: switchhook completion fish | source
function __switchhook_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l found ($words[1] complete -- $words[2..] 2>/dev/null)
    if set -q found[1]
        printf '%s\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c switchhook -f -a '(__switchhook_complete)'
