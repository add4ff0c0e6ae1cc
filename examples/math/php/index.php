<?php

// The math line, in PHP: asks for two numbers and says their sum.
//
//   php -S 127.0.0.1:8081 -t examples/math/php
//   switchhook call http://127.0.0.1:8081/
//
// A web responder answers each request with what the call shall do next. Which
// question a request answers is in the URL that our own action named (?step=);
// the number given first is kept in the PHP session, whose cookie the phone
// system holds for the length of the call.

declare(strict_types=1);

const QUESTIONS = [
    'first' => 'Welcome to the math line. Enter the first number, then press the hash key.',
    'second' => 'Enter the second number, then press the hash key.',
];
const MAX_TRIES = 3; // how often a question is asked before we give up
const MAX_DIGITS = 9;

// A caller can do nothing with a stack trace. Whatever goes wrong is logged and
// answered with a document that says so; a warning is no less wrong.
ini_set('display_errors', '0');
ini_set('log_errors', '1');
set_error_handler(function (int $level, string $message, string $file, int $line): never {
    throw new ErrorException($message, 0, $level, $file, $line);
});
set_exception_handler(function (Throwable $e): void {
    error_log((string) $e);
    answer(goodbye('Sorry, something went wrong. Goodbye.'));
});

session_start(['use_strict_mode' => true, 'cookie_httponly' => true]);
answer(next_verbs(given('step', $_GET), given('Digits', $_POST + $_GET)));

/** The verbs that follow on the digits given to the question $step. */
function next_verbs(string $step, string $digits): string
{
    // Also a session that was lost on the way starts anew.
    if (!isset(QUESTIONS[$step], $_SESSION['tries']) || ($step === 'second' && !isset($_SESSION['first']))) {
        $_SESSION = [];
        return ask('first', 1);
    }
    if (!preg_match('/^[0-9]{1,' . MAX_DIGITS . '}$/D', $digits)) {
        // Nothing was heard, or something with a star in it.
        return $_SESSION['tries'] < MAX_TRIES
            ? ask($step, $_SESSION['tries'] + 1)
            : goodbye('Sorry, I did not hear a number. Goodbye.');
    }
    if ($step === 'first') {
        $_SESSION['first'] = (int) $digits;
        return ask('second', 1);
    }
    $first = $_SESSION['first'];
    $second = (int) $digits;
    $sum = $first + $second;
    return say("$first plus $second is $sum.") . goodbye('Goodbye.');
}

/** Asks the question $step; $tries counts how often it has been asked then. */
function ask(string $step, int $tries): string
{
    $_SESSION['tries'] = $tries;
    // The action is relative, so that this works under any path.
    return sprintf('<Gather numDigits="%d" finishOnKey="#" action="?step=%s">%s</Gather>', MAX_DIGITS, $step, say(QUESTIONS[$step]));
}

function goodbye(string $text): string
{
    return say($text) . '<Hangup/>';
}

function say(string $text): string
{
    return '<Say>' . htmlspecialchars($text, ENT_XML1 | ENT_QUOTES, 'UTF-8') . '</Say>';
}

/** The request's parameter $name; empty if it is missing or is a list. */
function given(string $name, array $parameters): string
{
    return is_string($parameters[$name] ?? null) ? $parameters[$name] : '';
}

function answer(string $verbs): void
{
    header('Content-Type: text/xml; charset=utf-8');
    echo '<?xml version="1.0" encoding="UTF-8"?>', "\n<Response>$verbs</Response>\n";
}
