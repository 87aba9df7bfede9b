<?php
// A bookshop's IVR for Pivot that answers with TwiML, in plain PHP:
//
//   php -S 127.0.0.1:9000 simulator/pivot/examples/php/ivr.php
//   kazoolab pivot run http://127.0.0.1:9000/start.xml --script simulator/pivot/examples/order.yaml
//
// Pages have a dot in their names, so that Kazoo puts one in the place of the other when a URL is
// relative.

function say(string $text): string
{
    return '<Say>' . htmlspecialchars($text, ENT_XML1) . '</Say>';
}

function redirect(string $url): string
{
    return "<Redirect>$url</Redirect>";
}

function gather(string $next, int $keys, string $prompt): string
{
    $limit = $keys > 0 ? " numDigits=\"$keys\"" : '';
    return "<Gather action=\"$next\" timeout=\"7\"$limit>" . say($prompt) . '</Gather>';
}

if ($_SERVER['REQUEST_METHOD'] === 'PUT') { // a recording, which Kazoo stores below /message.xml
    http_response_code(201);
    return;
}

$digits = $_REQUEST['Digits'] ?? '';
$answer = match (parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH)) {
    '/start.xml' => gather('main.xml', 1, 'Welcome to Maple Books. Press 1 for orders, 2 for opening hours, or 0 for a person.')
        . say('Goodbye.'),
    '/main.xml' => match ($digits) {
        '1' => gather('orders.xml', 1, 'Press 1 to track an order, or 2 to cancel one.') . redirect('start.xml'),
        '2' => say('We are open from nine to six.') . redirect('start.xml'),
        '0' => '<Dial action="done.xml" timeout="20"><User>remy</User></Dial>',
        default => say('That is not a choice.') . redirect('start.xml'),
    },
    '/orders.xml' => match ($digits) {
        '1' => gather('track.xml', 0, 'Enter your order number, then press hash.') . redirect('start.xml'),
        '2' => say('Tell us which order to cancel, then press hash.')
            . '<Record action="message.xml" maxLength="60" finishOnKey="#"/>',
        default => say('That is not a choice.') . redirect('start.xml'),
    },
    '/track.xml' => say("Order $digits is on its way. Goodbye."),
    '/message.xml' => say('Thank you, we have your message of ' . ($_REQUEST['RecordingDuration'] ?? '0') . ' seconds. Goodbye.'),
    '/done.xml' => '',
    default => null,
};
if ($answer === null) {
    http_response_code(404);
    return;
}
header('Content-Type: text/xml');
echo '<?xml version="1.0" encoding="UTF-8"?><Response>', "\n", $answer, '</Response>';
